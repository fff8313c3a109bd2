namespace Ann.Bench.Harness;

/// <summary>
/// A server whose times are known: any number of requests at once, exponential service times, and one stall in which no answer comes; what
/// was ready meanwhile comes at its end. What independent callers see of it follows by reckoning. Times are seconds.
/// </summary>
/// <param name="Mean">Mean service time.</param>
/// <param name="StallBegin">Begin of the stall, after the begin of the measured time.</param>
/// <param name="StallLength">Its length; 0 for none.</param>
/// <param name="Length">The measured time, in which requests are due evenly.</param>
internal sealed record StallLaw(double Mean, double StallBegin, double StallLength, double Length)
{
    /// <summary>Moments at which a request may be due over which the law is averaged.</summary>
    private const int Moments = 200_000;

    /// <summary>The golden ratio's fraction: its multiples fill 0 to 1 evenly, whatever their number.</summary>
    private const double Golden = 0.6180339887498949;

    private double StallEnd => StallBegin + StallLength;

    /// <summary>
    /// Service time of a request by its number: exponential, from numbers that fill the law evenly, so that a percentile has hardly any
    /// error of its sample.
    /// </summary>
    public double ServiceTime(long number) => -Mean * Math.Log(1 - (number + 0.5) * Golden % 1);

    /// <summary>When a request is answered.</summary>
    /// <param name="arrived">When it came, after the begin of the measured time.</param>
    /// <param name="service">Its service time.</param>
    public double AnsweredAt(double arrived, double service) =>
        arrived + service >= StallBegin && arrived + service < StallEnd ? StallEnd : arrived + service;

    /// <summary>Latency that a share of independent callers sees or less.</summary>
    /// <param name="share">Such as 0.99.</param>
    public double Quantile(double share)
    {
        double low = 0;
        double high = Math.Max(StallLength, 0) + Mean * 40;
        while (high - low > 1e-7)
        {
            double middle = (low + high) / 2;
            if (ShareAbove(middle) > 1 - share)
                low = middle;
            else
                high = middle;
        }
        return (low + high) / 2;
    }

    /// <summary>
    /// Latency that a share of the requests of one caller has who waits for each answer: of all his requests one meets the stall, so it is
    /// that of a server without, whatever the callers of the other kind see.
    /// </summary>
    public double ClosedQuantile(double share) => -Mean * Math.Log(1 - share);

    /// <summary>Share of the requests whose latency is above a value.</summary>
    private double ShareAbove(double latency)
    {
        double sum = 0;
        for (int i = 0; i < Moments; i++)
        {
            double due = (i + 0.5) / Moments * Length;
            // Ready in the stall, it has what is left of it; ready before or after, its service time.
            double inStall = StallLength > 0 ? Above(StallBegin - due) - Above(StallEnd - due) : 0;
            sum += StallEnd - due > latency ? inStall : 0;
            double beyond = Above(latency);
            if (StallLength > 0)
                beyond -= Math.Max(0, Above(Math.Max(latency, StallBegin - due)) - Above(Math.Max(latency, StallEnd - due)));
            sum += beyond;
        }
        return sum / Moments;
    }

    private double Above(double service) => service <= 0 ? 1 : Math.Exp(-service / Mean);
}
