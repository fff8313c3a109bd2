'use strict';
// Clients of a server, made from its .proto files alone, and the reading of its errors.

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

// The protocol's files, those beside this one, and google/api (how calls are made over REST), which protobufjs brings along.
const roots = [
  path.join(__dirname, '../../../proto'), path.join(__dirname, 'proto'), path.dirname(require.resolve('protobufjs/package.json'))];
const definition = loader.loadSync(
  ['ann/v1/retrieval.proto', 'ann/v1/ingest.proto', 'ann/v1/indexes.proto', 'health.proto'],
  { includeDirs: roots, keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
const types = grpc.loadPackageDefinition(definition);

const rpc = new protobuf.Root();
rpc.resolvePath = (origin, target) => target.startsWith('google/') ? target : path.join(__dirname, 'proto', target);
rpc.loadSync('rpc.proto');

/** One client per service. Unary methods become promises: call('Search', request, { deadline }). */
function connect(address) {
  // Replies of many rows are larger than the 4 MB that clients take by default.
  const options = { 'grpc.max_receive_message_length': -1 };
  const make = (Service) => {
    const client = new Service(address, grpc.credentials.createInsecure(), options);
    return {
      client,
      call: (method, request, callOptions = {}) => new Promise((resolve, reject) =>
        client[method](request, callOptions, (error, reply) => error ? reject(error) : resolve(reply))),
    };
  };
  return {
    retrieval: make(types.ann.v1.Retrieval),
    ingest: make(types.ann.v1.Ingest),
    indexes: make(types.ann.v1.Indexes),
    health: make(types.grpc.health.v1.Health),
  };
}

/** The google.rpc details of an error, as [{ type, value }]. Empty where the server sent none. */
function details(error) {
  const [trailer] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!trailer)
    return [];
  return rpc.lookupType('google.rpc.Status').decode(trailer).details.map((any) => {
    const type = any.type_url.slice(any.type_url.lastIndexOf('/') + 1);
    const message = rpc.lookupType(type);
    return { type, value: message.toObject(message.decode(any.value), { longs: String }) };
  });
}

module.exports = { connect, details, codeName: (code) => grpc.status[code] ?? String(code) };
