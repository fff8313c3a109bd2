using Ann.Aspire.Hosting;

IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(
    new DistributedApplicationOptions { Args = args, DisableDashboard = true, AllowUnsecuredTransport = true });

// In this repository the server is built with the sample. Elsewhere: AddAnnServerExecutable("ann", "data"), the tool that is installed, or
// AddAnnServer("ann").WithDataVolume(), a container.
#if DEBUG
const string Built = "Debug";
#else
const string Built = "Release";
#endif
string tool = Path.GetFullPath($"../../../ann/bin/{Built}/net10.0/ann.dll", builder.AppHostDirectory);
var ann = builder.AddAnnServerExecutable("ann", builder.Configuration["Data"] ?? "bin/data", "dotnet", [tool]);

builder.AddProject<Projects.Ann_Samples_Aspire_Service>("search")
    .WithHttpEndpoint(port: 5080)
    .WithHttpHealthCheck("/health")
    .WithReference(ann)
    .WaitFor(ann);

builder.Build().Run();
