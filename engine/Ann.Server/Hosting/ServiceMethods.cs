using System.Reflection;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Server.Errors;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Ann.Server.Hosting;

/// <summary>
/// Maps the methods of a generated service, in the place of the package's own mapping: a request that cannot be read is refused as the
/// caller's mistake. Requests are read before any interceptor, so there it would become UNKNOWN, and a line in the log for each.
/// </summary>
/// <remarks>
/// The service itself is made at its first call, as the package does: that of reflection looks at what is mapped when it is made.
/// </remarks>
internal sealed class ServiceMethods<TService> : IServiceMethodProvider<TService>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context)
    {
        BindServiceMethodAttribute binding = typeof(TService).GetCustomAttribute<BindServiceMethodAttribute>()
            ?? throw new InvalidOperationException($"{typeof(TService)} is no service that protoc generated.");
        MethodInfo bind = binding.BindType.GetMethods(BindingFlags.Public | BindingFlags.Static).Single(
            method => method.Name == binding.BindMethodName
                && method.GetParameters() is [{ ParameterType: Type first }, { ParameterType: Type second }]
                && first == typeof(ServiceBinderBase) && second.IsAssignableFrom(typeof(TService)));
        bind.Invoke(null, [new Binder(context), null]);
    }

    private static Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        Marshaller<TRequest> marshaller = method.RequestMarshaller;
        Marshaller<TRequest> reading = new(marshaller.ContextualSerializer, payload =>
        {
            try
            {
                return marshaller.ContextualDeserializer(payload);
            }
            catch (InvalidProtocolBufferException e)
            {
                throw StatusDetails.ToRpcException(Unreadable(typeof(TRequest).Name, e), static message => message);
            }
        });
        return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, reading, method.ResponseMarshaller);
    }

    /// <summary>Only filters nest without an end, so a message that is too deep is one with such a filter.</summary>
    private static AnnException Unreadable(string message, InvalidProtocolBufferException e) =>
        e.Message.Contains("levels of nesting", StringComparison.Ordinal)
            ? AnnException.Invalid(
                "filter", $"A filter of the {message} is nested too deep to be read; it may be at most {Filter.MaxDepth} levels deep.")
            : new AnnException(AnnError.InvalidArgument, $"The request is no {message} that can be read: {e.Message}", e);

    /// <summary>The service's own method, which takes the service as its first argument.</summary>
    private static TDelegate MethodOf<TDelegate>(string name, params Type[] parameters)
        where TDelegate : Delegate =>
        typeof(TService).GetMethod(name, parameters)?.CreateDelegate<TDelegate>()
            ?? throw new InvalidOperationException($"{typeof(TService)} has no method {name}.");

    /// <summary>Hears of every method. The handlers are null, since there is no service yet.</summary>
    private sealed class Binder(ServiceMethodProviderContext<TService> context) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            context.AddUnaryMethod(Checked(method), [], MethodOf<UnaryServerMethod<TService, TRequest, TResponse>>(
                method.Name, typeof(TRequest), typeof(ServerCallContext)));

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddClientStreamingMethod(Checked(method), [], MethodOf<ClientStreamingServerMethod<TService, TRequest, TResponse>>(
                method.Name, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext)));

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddServerStreamingMethod(Checked(method), [], MethodOf<ServerStreamingServerMethod<TService, TRequest, TResponse>>(
                method.Name, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)));

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddDuplexStreamingMethod(Checked(method), [], MethodOf<DuplexStreamingServerMethod<TService, TRequest, TResponse>>(
                method.Name, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)));
    }
}
