using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.VectorData.ProviderServices;

namespace Ann.Extensions.VectorData;

/// <summary>
/// What a record has beside key, vector and attributes, as one JSON object: a member a property, by its storage name. Properties that are
/// null are left out.
/// </summary>
internal sealed class RecordPayload
{
    private readonly DataPropertyModel[] _properties;
    private readonly JsonSerializerOptions _serializer;

    /// <param name="properties">Those that are no attributes.</param>
    /// <param name="serializer">Writes and reads their values.</param>
    /// <exception cref="NotSupportedException">It has no way to write a type; names the property.</exception>
    public RecordPayload(DataPropertyModel[] properties, JsonSerializerOptions serializer)
    {
        _properties = properties;
        _serializer = serializer;
        foreach (DataPropertyModel property in properties)
        {
            try
            {
                _ = serializer.GetTypeInfo(property.Type);
            }
            catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
            {
                throw new NotSupportedException(
                    $"The property '{property.ModelName}' is a {property.Type.Name}, which the store's serializer cannot write: "
                    + e.Message, e);
            }
        }
    }

    /// <summary>Whether records have anything to be stored here.</summary>
    public bool IsEmpty => _properties.Length == 0;

    /// <summary>Whether a property is stored here.</summary>
    public bool Has(PropertyModel property) => Array.IndexOf(_properties, property) >= 0;

    /// <summary>The payload of a record; empty when all these properties are null.</summary>
    public ReadOnlySpan<byte> Write(object record)
    {
        ArrayBufferWriter<byte> bytes = new();
        using Utf8JsonWriter json = new(bytes);
        json.WriteStartObject();
        bool any = false;
        foreach (DataPropertyModel property in _properties)
        {
            if (property.GetValueAsObject(record) is not { } value)
                continue;
            any = true;
            json.WritePropertyName(property.StorageName);
            JsonSerializer.Serialize(json, value, _serializer.GetTypeInfo(property.Type));
        }
        json.WriteEndObject();
        json.Flush();
        return any ? bytes.WrittenSpan : [];
    }

    /// <summary>Sets the properties of a record that its payload has.</summary>
    /// <exception cref="InvalidDataException">It is not the JSON of such a record: somebody else wrote it.</exception>
    public void Read(ReadOnlySpan<byte> payload, object record, object key)
    {
        foreach (DataPropertyModel property in _properties)
            if (property.IsNullable)
                property.SetValueAsObject(record, null);
        if (payload.IsEmpty)
            return;
        try
        {
            Utf8JsonReader json = new(payload);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
                throw new JsonException($"{json.TokenType} was found; an object was expected.");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                DataPropertyModel? property = Named(ref json);
                json.Read();
                if (property is null)
                    json.Skip();
                else
                    property.SetValueAsObject(record, JsonSerializer.Deserialize(ref json, _serializer.GetTypeInfo(property.Type)));
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The payload of record '{key}' is not the JSON of this collection's records: {e.Message}", e);
        }
    }

    private DataPropertyModel? Named(ref Utf8JsonReader json)
    {
        foreach (DataPropertyModel property in _properties)
            if (json.ValueTextEquals(property.StorageName))
                return property;
        return null;
    }
}
