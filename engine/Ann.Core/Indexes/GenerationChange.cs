namespace Ann.Core.Indexes;

/// <summary>
/// Attaches, promotes, rolls back and detaches generations of a live index. What takes long runs on the caller's task; each change itself
/// is one command of the writer, and one manifest.
/// </summary>
internal sealed class GenerationChange(LiveState state, IndexWriter writer)
{
    /// <summary>Generations attached at once: one serves, one served before, one is to come.</summary>
    private const int MaxGenerations = 3;

    private IndexHome Home => state.Home;

    /// <inheritdoc cref="LiveIndex.AttachAsync"/>
    public async Task<GenerationStatus> AttachAsync(string path, long? logPosition, CancellationToken cancellation)
    {
        GenerationImport? import = null;
        await writer.RunAsync(() =>
        {
            RequirePlace();
            import = new GenerationImport(Home, state.NewFile("seg", IndexName.FileExtension), state.NewFile(CarriedEncoder.Prefix, ""));
        });
        Generation generation = await Task.Run(() => import!.Run(path, logPosition, cancellation), cancellation);
        try
        {
            await writer.RunAsync(() => Attach(generation));
        }
        catch
        {
            generation.Close();
            await writer.RunAsync(() => Abandon(import!.Files));
            throw;
        }
        try
        {
            await generation.CaughtUp.WaitAsync(cancellation);
        }
        catch (Exception)
        {
            await DetachQuietlyAsync(generation);
            throw;
        }
        return generation.Describe()
            ?? throw new AnnException(AnnError.FailedPrecondition, $"Generation {generation.Id} was detached while it caught up.");
    }

    /// <inheritdoc cref="LiveIndex.DetachAsync"/>
    public Task DetachAsync(string id) => writer.RunAsync(() =>
    {
        if (state.FindDamaged(id) is { } damaged)
        {
            Detach(damaged);
            return;
        }
        Generation generation = Require(id);
        if (generation == state.Serving)
            throw Refused($"Generation {id} of index '{Home.Name}' serves; promote another one first.");
        Detach(generation);
    });

    /// <inheritdoc cref="LiveIndex.PromoteAsync"/>
    public async Task<PromotionReport> PromoteAsync(string id, PromotionGate gate, CancellationToken cancellation)
    {
        PromotionMeasurement.Validate(gate);
        Home.RequireWritable();
        Generation candidate = Require(id);
        if (candidate == state.Serving)
            return new PromotionReport(id, id, 0, 0, null, null, null, candidate.Missed.Count, Forced: false);
        await candidate.CaughtUp.WaitAsync(cancellation);

        PromotionFigures figures = await Task.Run(
            () => PromotionMeasurement.Measure(state, candidate, gate, cancellation), cancellation);
        bool refused = figures.Refusals.Count > 0;
        if (refused && !gate.Force)
        {
            string reasons = string.Join("; ", figures.Refusals.Select(static refusal => refusal.Description));
            throw Refused($"Generation {id} of index '{Home.Name}' is not promoted: {reasons}.", figures.Refusals);
        }
        return await SwitchAsync(candidate, figures, gate.Force, refused);
    }

    /// <inheritdoc cref="LiveIndex.RollbackAsync"/>
    public async Task<PromotionReport> RollbackAsync(CancellationToken cancellation)
    {
        if (state.Previous is null && state.Damaged.FirstOrDefault(static one => one.IsPrevious) is { } damaged)
            throw damaged.Refused(Home.Name, "generation");
        Generation target = state.Previous
            ?? throw Refused($"Index '{Home.Name}' has no generation that served before; nothing can be rolled back.");
        await target.CaughtUp.WaitAsync(cancellation);
        return await SwitchAsync(target, PromotionFigures.None, force: true, refused: false);
    }

    private async Task<PromotionReport> SwitchAsync(Generation target, PromotionFigures figures, bool force, bool refused)
    {
        PromotionReport? report = null;
        await writer.RunAsync(() =>
        {
            if (state.Find(target.Id) != target)
                throw Refused($"Generation {target.Id} of index '{Home.Name}' was detached.");
            if (target.Role == GenerationRole.CatchingUp)
                throw Refused($"Generation {target.Id} of index '{Home.Name}' fell behind the log meanwhile; wait until it caught up.");
            if (target.Missed.Count > 0 && !force)
            {
                string missed = PromotionMeasurement.MissedText(target);
                throw Refused(missed, [new AnnViolation("missed_keys", missed)]);
            }
            string replaced = Switch(target);
            report = new PromotionReport(
                target.Id, replaced, figures.Queries, figures.SampledRows, figures.Recall, figures.Overlap, figures.P99,
                target.Missed.Count, refused);
        });
        return report!;
    }

    /// <summary>Moves the index's name. In one step for readers, and in one manifest for the next start.</summary>
    private string Switch(Generation target)
    {
        Generation replaced = state.Serving;
        Generation? displaced = state.Previous;
        if (target == replaced)
            return target.Id;
        Move(target, replaced, previous: replaced);
        Write(undo: () => Move(replaced, target, previous: displaced));
        state.Damaged = [.. state.Damaged.Select(static one => one with { IsPrevious = false })];
        if (displaced is not null && displaced != target)
            DetachQuietly(displaced); // two steps back: nobody can roll back to it any more
        return replaced.Id;
    }

    /// <summary>Takes back an attach whose caller is told something else.</summary>
    private async Task DetachQuietlyAsync(Generation generation)
    {
        try
        {
            await writer.RunAsync(() =>
            {
                if (state.Find(generation.Id) == generation && generation != state.Serving)
                    Detach(generation);
                else if (state.FindDamaged(generation.Id) is { } damaged && damaged.Described == generation.Described)
                    Detach(damaged); // it was given up while it caught up
            });
        }
        catch (AnnException)
        {
            // The index is closing, or the disk refuses the change: it stays attached, and can be detached later.
        }
    }

    private void DetachQuietly(Generation generation)
    {
        try
        {
            Detach(generation);
        }
        catch (Exception e) when (e is AnnException or IOException)
        {
            // The promotion holds. What could not be detached stays attached, and can be detached later.
        }
    }

    private void Move(Generation serving, Generation standby, Generation? previous)
    {
        serving.Role = GenerationRole.Serving;
        state.Serving = serving;
        standby.Role = GenerationRole.Standby;
        state.Previous = previous;
    }

    private void Attach(Generation generation)
    {
        RequirePlace();
        if (state.Find(generation.Id) is not null || state.FindDamaged(generation.Id) is not null)
            throw new AnnException(AnnError.AlreadyExists, $"Generation {generation.Id} of index '{Home.Name}' is attached already.");
        if (generation.Applied > state.LastSequence)
        {
            throw AnnException.Invalid(
                "log_position", $"log_position is {generation.Applied}; the log of index '{Home.Name}' ends with {state.LastSequence}.");
        }
        if (generation.Applied + 1 < state.Wal.First)
        {
            throw Refused(
                $"The log of index '{Home.Name}' begins with write {state.Wal.First}; the file was built up to {generation.Applied}, and "
                + "the writes between are gone. Build it from a newer export, or keep more of the log.");
        }

        IReadOnlyList<Generation> before = state.Generations;
        writer.CatchUp(generation); // before anybody finds it: who promotes it waits for this
        state.Generations = [.. before, generation];
        Write(undo: () =>
        {
            state.Generations = before;
            writer.Forget(generation);
        });
    }

    /// <summary>Deletes files, unless a manifest that was written in vain may name them: then the next one decides.</summary>
    private void Abandon(IEnumerable<string> files)
    {
        if (state.IsCheckpointDue)
        {
            state.Obsolete.AddRange(files);
            return;
        }
        foreach (string file in files)
            Home.Delete(file);
    }

    private void Detach(Generation generation)
    {
        IReadOnlyList<Generation> before = state.Generations;
        Generation? previous = state.Previous;
        state.Generations = [.. before.Where(one => one != generation)];
        if (previous == generation)
            state.Previous = null;
        string[] files = [.. generation.Files];
        state.Obsolete.AddRange(files);
        Write(undo: () =>
        {
            state.Generations = before;
            state.Previous = previous;
            state.Obsolete.RemoveAll(files.Contains);
        });
        writer.Forget(generation);
        generation.Close();
    }

    private void Detach(DamagedGeneration damaged)
    {
        IReadOnlyList<DamagedGeneration> before = state.Damaged;
        string[] files = [.. damaged.Described.NamedFiles()];
        state.Damaged = [.. before.Where(one => one != damaged)];
        state.Obsolete.AddRange(files);
        Write(undo: () =>
        {
            state.Damaged = before;
            state.Obsolete.RemoveAll(files.Contains);
        });
    }

    /// <summary>Brings a change to disk. Where that fails, what the disk says holds.</summary>
    private void Write(Action undo)
    {
        try
        {
            IndexCheckpoint.Write(state);
        }
        catch
        {
            undo();
            throw;
        }
    }

    private void RequirePlace()
    {
        Home.RequireWritable();
        if (state.Generations.Count + state.Damaged.Count < MaxGenerations)
            return;
        string attached = string.Join(", ", state.Generations.Select(static one => $"{one.Id} ({one.Role})")
            .Concat(state.Damaged.Select(static one => $"{one.Id} ({GenerationRole.Damaged})")));
        throw Refused($"Index '{Home.Name}' has {MaxGenerations} generations attached, which is the most: {attached}. Detach one first.");
    }

    private Generation Require(string id) => state.Find(id)
        ?? throw state.FindDamaged(id)?.Refused(Home.Name, "generation")
        ?? new AnnException(AnnError.NotFound, $"Index '{Home.Name}' has no generation {id} attached.") { Field = "generation" };

    private static AnnException Refused(string message, IReadOnlyList<AnnViolation>? violations = null) =>
        new(AnnError.FailedPrecondition, message) { Field = "generation", Violations = violations ?? [] };
}
