using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Ann.Tests.Server.Access;

/// <summary>A method as the descriptors of the protocol have it, called with one message and without generated code.</summary>
/// <param name="method">Its descriptor.</param>
internal sealed class RawMethod(MethodDescriptor method)
{
    private static readonly Marshaller<byte[]> Bytes = new(static bytes => bytes, static bytes => bytes);

    /// <summary>As its path has it.</summary>
    public string Name { get; } = $"/{method.Service.FullName}/{method.Name}";

    /// <summary>How a call ends whose request names an index and nothing else.</summary>
    public async Task<Status> CallAsync(CallInvoker caller, string index)
    {
        byte[] request = RequestOf(index).ToByteArray();
        Method<byte[], byte[]> wire = new(TypeOf(), method.Service.FullName, method.Name, Bytes, Bytes);
        CallOptions options = new(deadline: DateTime.UtcNow.AddSeconds(60));
        try
        {
            if (method is { IsClientStreaming: true, IsServerStreaming: true })
            {
                using AsyncDuplexStreamingCall<byte[], byte[]> stream = caller.AsyncDuplexStreamingCall(wire, null, options);
                try
                {
                    await stream.RequestStream.WriteAsync(request);
                    await stream.RequestStream.CompleteAsync();
                }
                catch (RpcException)
                {
                    // Who is refused before the request is read can no longer write it; the answer says why.
                }
                while (await stream.ResponseStream.MoveNext(CancellationToken.None))
                    continue;
            }
            else if (method.IsServerStreaming)
            {
                // A watch has no end: its first answer says that it is let in.
                using AsyncServerStreamingCall<byte[]> stream = caller.AsyncServerStreamingCall(wire, null, options, request);
                Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            }
            else
            {
                await caller.AsyncUnaryCall(wire, null, options, request);
            }
            return Status.DefaultSuccess;
        }
        catch (RpcException e)
        {
            return e.Status;
        }
    }

    private MethodType TypeOf() => (method.IsClientStreaming, method.IsServerStreaming) switch
    {
        (false, false) => MethodType.Unary,
        (false, true) => MethodType.ServerStreaming,
        (true, false) => MethodType.ClientStreaming,
        (true, true) => MethodType.DuplexStreaming,
    };

    private IMessage RequestOf(string index) => Named((IMessage)Activator.CreateInstance(method.InputType.ClrType)!, index);

    private static IMessage Named(IMessage message, string index)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.Name is "index" or "service" or "list_services")
                field.Accessor.SetValue(message, index);
            else if (field.Name is "search" or "start" && field.FieldType == FieldType.Message)
                field.Accessor.SetValue(message, Named((IMessage)Activator.CreateInstance(field.MessageType.ClrType)!, index));
        }
        return message;
    }
}
