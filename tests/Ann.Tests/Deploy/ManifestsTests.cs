using System.Diagnostics;
using Ann.Server;
using Ann.Tests.Server.Telemetry;
using k8s;
using k8s.Models;

namespace Ann.Tests.Deploy;

/// <summary>Goal: what is in <c>engine/deploy/kubernetes</c> is what Kubernetes takes, fits together, and fits the server.</summary>
/// <remarks>The typed models of Kubernetes' own client read every document strictly: a member that they do not know is an error.</remarks>
public sealed class ManifestsTests
{
    private static readonly string Folder = DeployFiles.PathOf("kubernetes");
    private static readonly string Settings = Path.Combine(Folder, "base", "ann.json");

    /// <summary>Files that are no resources of Kubernetes itself.</summary>
    private static readonly string[] Others = ["kustomization.yaml", "podmonitor.yaml", "adapter-rules.yaml"];

    private static readonly string[] Names =
    [
        .. Directory.GetFiles(Folder, "*.yaml", SearchOption.AllDirectories)
            .Where(static file => !Others.Contains(Path.GetFileName(file))),
    ];

    private static readonly List<object> Documents =
        [.. Names.SelectMany(static file => KubernetesYaml.LoadAllFromString(File.ReadAllText(file), strict: true))];

    private static V1StatefulSet Server => Documents.OfType<V1StatefulSet>().Single(static one => one.Spec.Selector is not null);

    private static V1PodSpec Pod => Server.Spec.Template.Spec;

    private static V1Container Container => Pod.Containers.Single();

    private static V1CronJob Backup => Documents.OfType<V1CronJob>().Single();

    [Fact]
    public void EveryDocumentIsReadStrictlyAndThereIsOneOfEach()
    {
        Assert.Equal(
            ["V1CronJob", "V1Namespace", "V1NetworkPolicy", "V1PodDisruptionBudget", "V1Service", "V1ServiceAccount", "V1StatefulSet",
             "V2HorizontalPodAutoscaler"],
            Documents.Select(static one => one.GetType().Name).Distinct().Order(StringComparer.Ordinal));
        Assert.ThrowsAny<Exception>(static () => KubernetesYaml.LoadAllFromString(
            File.ReadAllText(Path.Combine(Folder, "base", "disruption.yaml"))
                .Replace("maxUnavailable", "maxUnavailble", StringComparison.Ordinal),
            strict: true));
    }

    [Fact]
    public void EveryFileIsNamedByAKustomizationAndEveryNameIsThere()
    {
        HashSet<string> named = [.. new[] { "adapter-rules.yaml" }.Select(static name => Path.Combine(Folder, name))];
        foreach (string file in Directory.GetFiles(Folder, "kustomization.yaml", SearchOption.AllDirectories))
        {
            Dictionary<object, object> own = DeployFiles.Yaml(File.ReadAllText(file));
            string[] paths =
            [
                .. ListOf(own, "resources").Concat(ListOf(own, "components")).Cast<string>(),
                .. ListOf(own, "patches").Select(static patch => (string)((Dictionary<object, object>)patch)["path"]),
                .. ListOf(own, "configMapGenerator")
                    .SelectMany(static map => (List<object>)((Dictionary<object, object>)map)["files"]).Cast<string>(),
            ];
            foreach (string path in paths.Select(path => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, path))))
            {
                Assert.True(Path.Exists(path), $"{file} names {path}, which is not there");
                named.Add(path);
            }
        }
        Assert.All(
            Directory.GetFiles(Folder, "*.yaml", SearchOption.AllDirectories)
                .Where(static file => !file.EndsWith("kustomization.yaml", StringComparison.Ordinal)),
            file => Assert.Contains(file, named));

        static List<object> ListOf(Dictionary<object, object> own, string key) =>
            own.TryGetValue(key, out object? list) ? (List<object>)list : [];
    }

    [Theory]
    [InlineData("base", 8)]
    [InlineData("overlays/gpu", 8)]
    [InlineData("overlays/live", 11)]
    [InlineData("overlays/replicas", 11)]
    public async Task KustomizeBuildsThem(string folder, int resources)
    {
        if (PrometheusTests.Find("kubectl") is not { } kubectl)
        {
            Assert.Skip("kubectl is not on this machine.");
            return;
        }
        using Process build = Process.Start(new ProcessStartInfo(kubectl, ["kustomize", Path.Combine(Folder, folder)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = build.StandardError.ReadToEndAsync();
        string built = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        Assert.True(build.ExitCode == 0, await errors);

        string[] documents = built.Split("\n---\n");
        Assert.Equal(resources, documents.Length);
        object[] typed = [.. documents.Where(static one => !one.Contains("kind: PodMonitor", StringComparison.Ordinal))
            .SelectMany(static one => KubernetesYaml.LoadAllFromString(one, strict: true))];
        V1StatefulSet server = Assert.Single(typed.OfType<V1StatefulSet>());
        Assert.Equal(folder == "overlays/gpu", server.Spec.Template.Spec.Containers[0].Resources.Limits.ContainsKey("nvidia.com/gpu"));
        string image = server.Spec.Template.Spec.Containers[0].Image;
        Assert.Equal(folder == "overlays/gpu" ? "annserver:0.1.0-gpu" : "annserver:0.1.0", image);
        Assert.Equal(folder == "overlays/replicas" ? null : 1, server.Spec.Replicas); // else each rollout would undo the autoscaler
        Assert.All(typed.OfType<IKubernetesObject<V1ObjectMeta>>().Where(static one => one is not V1Namespace),
            static one => Assert.Equal("annserver", one.Metadata.NamespaceProperty));
        string config = Assert.Single(typed.OfType<V1ConfigMap>()).Metadata.Name;
        Assert.Contains(server.Spec.Template.Spec.Volumes, volume => volume.ConfigMap?.Name == config);
    }

    [Fact]
    public void TheSettingsAreTakenGuardedAndLieWhereTheContainerHasRoom()
    {
        ServerOptions options = DeployFiles.Settings(Settings);
        DeployFiles.AssertGuarded(options);
        V1VolumeMount MountOf(string path) => Assert.Single(
            Container.VolumeMounts, mount => path.StartsWith(mount.MountPath + "/", StringComparison.Ordinal));

        Assert.All(DeployFiles.WrittenPaths(options), path => Assert.NotEqual(true, MountOf(path).ReadOnlyProperty));
        Assert.All(DeployFiles.ReadPaths(options), path => Assert.True(MountOf(path).ReadOnlyProperty));
        Assert.Contains(Container.VolumeMounts, static mount => mount is { Name: "config", MountPath: "/etc/annserver" });
        Assert.Equal(
            [("grpc", PortOf(options.Listen)), ("ops", PortOf(options.OpsListen))],
            Container.Ports.Select(static port => (port.Name, port.ContainerPort)));
    }

    [Fact]
    public void ProbesAskForWhatIsServedOnAPortThatThereIs()
    {
        ServerOptions options = DeployFiles.Settings(Settings);
        Assert.Equal(AccessLevel.Anyone, options.HealthAccess);
        foreach ((V1Probe probe, string path) in new[]
        {
            (Container.StartupProbe, "/livez"), (Container.LivenessProbe, "/livez"), (Container.ReadinessProbe, "/readyz"),
        })
        {
            Assert.Equal((path, "HTTPS", "ops"), (probe.HttpGet.Path, probe.HttpGet.Scheme, probe.HttpGet.Port.Value));
        }
    }

    [Fact]
    public void APodHasTimeToDrain()
    {
        double drain = DeployFiles.Settings(Settings).DrainSeconds;
        double before = Container.Lifecycle.PreStop.Sleep.Seconds;

        Assert.True(drain >= new ServerOptions().DrainSeconds);
        Assert.True(before > 0);
        Assert.True(Pod.TerminationGracePeriodSeconds >= before + drain + DeployFiles.SecondsBeyondDrain);
    }

    [Fact]
    public void SelectorsAndPortsFindTheServersPods()
    {
        IDictionary<string, string> labels = Server.Spec.Template.Metadata.Labels;
        V1Service[] services = [.. Documents.OfType<V1Service>()];

        Assert.All(Server.Spec.Selector.MatchLabels, label => Assert.Contains(label, labels));
        Assert.All(Documents.OfType<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels, label => Assert.Contains(label, labels));
        Assert.All(
            Pod.TopologySpreadConstraints.SelectMany(static one => one.LabelSelector.MatchLabels), label => Assert.Contains(label, labels));
        Assert.All(services, service => Assert.All(service.Spec.Selector, label => Assert.Contains(label, labels)));
        Assert.All(services.SelectMany(static one => one.Spec.Ports), port =>
            Assert.Contains(Container.Ports, own => own.Name == port.TargetPort.Value && own.ContainerPort == port.Port));
        Assert.Equal("None", services.Single(static one => one.Metadata.Name == Server.Spec.ServiceName).Spec.ClusterIP);
        Assert.Contains(services, static one => one.Spec.Type == "ClusterIP");
        V1NetworkPolicy guard = Documents.OfType<V1NetworkPolicy>().Single(static one => one.Metadata.Name == "annserver");
        Assert.All(guard.Spec.PodSelector.MatchLabels, label => Assert.Contains(label, labels));
        Assert.All(guard.Spec.Ingress.SelectMany(static rule => rule.Ports), port =>
            Assert.Contains(Container.Ports, own => own.Name == port.Port.Value));
    }

    [Fact]
    public void TheAutoscalerAsksForAMetricThatTheAdapterMakesOfWhatAServerTells()
    {
        V2HorizontalPodAutoscaler scaler = Documents.OfType<V2HorizontalPodAutoscaler>().Single();
        string text = File.ReadAllText(Path.Combine(Folder, "adapter-rules.yaml"));
        Dictionary<object, object> rules = (Dictionary<object, object>)DeployFiles.Yaml(text)["rules"];
        Dictionary<object, object> rule = (Dictionary<object, object>)Assert.Single((List<object>)rules["custom"]);
        string series = MetricTable.Rows.Single(static row => row.Name == "ann.search.queue.duration").Exposed + "_bucket";

        Assert.Equal((Server.Kind, Server.Metadata.Name), (scaler.Spec.ScaleTargetRef.Kind, scaler.Spec.ScaleTargetRef.Name));
        Assert.Equal(((Dictionary<object, object>)rule["name"])["as"], Assert.Single(scaler.Spec.Metrics).Pods.Metric.Name);
        Assert.StartsWith(series + "{", (string)rule["seriesQuery"], StringComparison.Ordinal);
        Assert.Contains($"rate({series}{{", (string)rule["metricsQuery"], StringComparison.Ordinal);
        Assert.True(scaler.Spec.MinReplicas > 1);
    }

    [Fact]
    public void EveryContainerIsConfined()
    {
        V1PodSpec[] pods = [Pod, Backup.Spec.JobTemplate.Spec.Template.Spec];
        Assert.All(pods, static pod =>
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.True(pod.SecurityContext.RunAsUser > 0);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
        });
        V1Container[] containers =
        [
            .. Documents.OfType<V1StatefulSet>().Select(static one => one.Spec.Template.Spec).Append(pods[1])
                .SelectMany(static pod => (pod.InitContainers ?? []).Concat(pod.Containers ?? []))
                .Where(static one => one.Image is not null), // patches name what is theirs alone
        ];
        Assert.Equal(4, containers.Length);
        Assert.All(containers, static container =>
        {
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Contains("memory", container.Resources.Limits.Keys);
            Assert.DoesNotContain(":latest", container.Image, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void MountsNameVolumesThatThereAre()
    {
        foreach (V1PodSpec pod in (V1PodSpec[])[Pod, Backup.Spec.JobTemplate.Spec.Template.Spec])
        {
            string[] volumes = [.. pod.Volumes.Select(static one => one.Name),
                .. pod == Pod ? Server.Spec.VolumeClaimTemplates.Select(static one => one.Metadata.Name) : []];
            string[] mounted =
            [
                .. (pod.InitContainers ?? []).Concat(pod.Containers).SelectMany(static one => one.VolumeMounts)
                    .Select(static one => one.Name),
            ];
            Assert.Equal(volumes.Order(StringComparer.Ordinal), mounted.Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void TheBackupCopiesTheFirstServerAndIsLetIn()
    {
        ServerOptions options = DeployFiles.Settings(Settings);
        V1PodTemplateSpec template = Backup.Spec.JobTemplate.Spec.Template;
        V1Container backup = template.Spec.InitContainers.Single();

        Assert.Equal("ann-backup", backup.Command[0]);
        DeployFiles.AssertBacksUp([.. backup.Command.Skip(1)]);
        Assert.Equal(options.DataDirectory, After("--data"));
        Assert.Equal(options.SnapshotDirectory, After("--snapshots"));
        Assert.Equal($"https://annserver-0.{Server.Spec.ServiceName}.annserver.svc:{PortOf(options.Listen)}", After("--address"));
        V1Volume data = template.Spec.Volumes.Single(static one => one.Name == "data");
        Assert.Equal($"data-{Server.Metadata.Name}-0", data.PersistentVolumeClaim.ClaimName);
        V1NetworkPolicy guard = Documents.OfType<V1NetworkPolicy>().Single(static one => one.Metadata.Name == "annserver");
        Assert.Contains(guard.Spec.Ingress.SelectMany(static rule => rule.FromProperty), from =>
            from.PodSelector?.MatchLabels.All(label => template.Metadata.Labels.Contains(label)) == true);

        string After(string option) => backup.Command[backup.Command.IndexOf(option) + 1];
    }

    /// <summary>No model knows it: a resource of the Prometheus operator.</summary>
    [Fact]
    public void TheMonitorScrapesThePortForOperatorsOverTls()
    {
        string text = File.ReadAllText(Path.Combine(Folder, "components", "monitoring", "podmonitor.yaml"));
        Dictionary<object, object> monitor = DeployFiles.Yaml(text);
        Dictionary<object, object> spec = (Dictionary<object, object>)monitor["spec"];
        Dictionary<object, object> endpoint = (Dictionary<object, object>)Assert.Single((List<object>)spec["podMetricsEndpoints"]);

        Assert.Equal(("monitoring.coreos.com/v1", "PodMonitor"), ((string)monitor["apiVersion"], (string)monitor["kind"]));
        Assert.Equal(("ops", "/metrics", "https"), ((string)endpoint["port"], (string)endpoint["path"], (string)endpoint["scheme"]));
        Assert.Contains("authorization", endpoint.Keys);
        Assert.Equal("annserver", Server.Spec.Template.Metadata.Labels[(string)spec["jobLabel"]]); // the job's name in the rules
    }

    private static int PortOf(string listen) => int.Parse(listen.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
}
