// The services of this host as protobufjs reads them: the Open Inference Protocol with the extensions that are served, and gRPC's
// own health service. Names and numbers are the protocols'.

type Fields = Readonly<Record<string, object>>;

const one = (type: string, id: number): object => ({ type, id });
const many = (type: string, id: number): object => ({ rule: 'repeated', type, id });
const parameters = (id: number): object => ({ keyType: 'string', type: 'InferParameter', id });
const message = (fields: Fields): object => ({ fields });
const model = message({ name: one('string', 1), version: one('string', 2) });
const method = (name: string, streams: object = {}): object => ({
  requestType: `${name}Request`,
  responseType: `${name}Response`,
  ...streams,
});

const repositoryModel = message({
  repository_name: one('string', 1),
  model_name: one('string', 2),
  parameters: { keyType: 'string', type: 'ModelRepositoryParameter', id: 3 },
});

/** Triton's statistics extension. */
const statisticsMessages = {
  ModelStatisticsRequest: model,
  StatisticDuration: message({ count: one('uint64', 1), ns: one('uint64', 2) }),
  InferStatistics: message({
    success: one('StatisticDuration', 1),
    fail: one('StatisticDuration', 2),
    queue: one('StatisticDuration', 3),
    compute_input: one('StatisticDuration', 4),
    compute_infer: one('StatisticDuration', 5),
    compute_output: one('StatisticDuration', 6),
    cache_hit: one('StatisticDuration', 7),
    cache_miss: one('StatisticDuration', 8),
  }),
  InferBatchStatistics: message({
    batch_size: one('uint64', 1),
    compute_input: one('StatisticDuration', 2),
    compute_infer: one('StatisticDuration', 3),
    compute_output: one('StatisticDuration', 4),
  }),
  ModelStatistics: message({
    name: one('string', 1),
    version: one('string', 2),
    last_inference: one('uint64', 3),
    inference_count: one('uint64', 4),
    execution_count: one('uint64', 5),
    inference_stats: one('InferStatistics', 6),
    batch_stats: many('InferBatchStatistics', 7),
  }),
  ModelStatisticsResponse: message({ model_stats: many('ModelStatistics', 1) }),
};

const inference = {
  InferParameter: {
    oneofs: {
      parameter_choice: { oneof: ['bool_param', 'int64_param', 'string_param', 'double_param', 'uint64_param'] },
    },
    fields: {
      bool_param: one('bool', 1),
      int64_param: one('int64', 2),
      string_param: one('string', 3),
      double_param: one('double', 4),
      uint64_param: one('uint64', 5),
    },
  },
  InferTensorContents: message({
    bool_contents: many('bool', 1),
    int_contents: many('int32', 2),
    int64_contents: many('int64', 3),
    uint_contents: many('uint32', 4),
    uint64_contents: many('uint64', 5),
    fp32_contents: many('float', 6),
    fp64_contents: many('double', 7),
    bytes_contents: many('bytes', 8),
  }),
  InferTensor: message({
    name: one('string', 1),
    datatype: one('string', 2),
    shape: many('int64', 3),
    parameters: parameters(4),
    contents: one('InferTensorContents', 5),
  }),
  RequestedOutput: message({ name: one('string', 1), parameters: parameters(2) }),
  ServerLiveRequest: message({}),
  ServerLiveResponse: message({ live: one('bool', 1) }),
  ServerReadyRequest: message({}),
  ServerReadyResponse: message({ ready: one('bool', 1) }),
  ModelReadyRequest: model,
  ModelReadyResponse: message({ ready: one('bool', 1) }),
  ServerMetadataRequest: message({}),
  ServerMetadataResponse: message({
    name: one('string', 1),
    version: one('string', 2),
    extensions: many('string', 3),
  }),
  ModelMetadataRequest: model,
  TensorMetadata: message({ name: one('string', 1), datatype: one('string', 2), shape: many('int64', 3) }),
  ModelMetadataResponse: message({
    name: one('string', 1),
    versions: many('string', 2),
    platform: one('string', 3),
    inputs: many('TensorMetadata', 4),
    outputs: many('TensorMetadata', 5),
  }),
  ModelInferRequest: message({
    model_name: one('string', 1),
    model_version: one('string', 2),
    id: one('string', 3),
    parameters: parameters(4),
    inputs: many('InferTensor', 5),
    outputs: many('RequestedOutput', 6),
    raw_input_contents: many('bytes', 7),
  }),
  ModelInferResponse: message({
    model_name: one('string', 1),
    model_version: one('string', 2),
    id: one('string', 3),
    parameters: parameters(4),
    outputs: many('InferTensor', 5),
    raw_output_contents: many('bytes', 6),
  }),
  ModelStreamInferResponse: message({
    error_message: one('string', 1),
    infer_response: one('ModelInferResponse', 2),
  }),
  RepositoryIndexRequest: message({ repository_name: one('string', 1), ready: one('bool', 2) }),
  ModelIndex: message({
    name: one('string', 1),
    version: one('string', 2),
    state: one('string', 3),
    reason: one('string', 4),
  }),
  RepositoryIndexResponse: message({ models: many('ModelIndex', 1) }),
  ModelRepositoryParameter: {
    oneofs: { parameter_choice: { oneof: ['bool_param', 'int64_param', 'string_param', 'bytes_param'] } },
    fields: {
      bool_param: one('bool', 1),
      int64_param: one('int64', 2),
      string_param: one('string', 3),
      bytes_param: one('bytes', 4),
    },
  },
  RepositoryModelLoadRequest: repositoryModel,
  RepositoryModelLoadResponse: message({}),
  RepositoryModelUnloadRequest: repositoryModel,
  RepositoryModelUnloadResponse: message({}),
  ...statisticsMessages,
  GRPCInferenceService: {
    methods: {
      ServerLive: method('ServerLive'),
      ServerReady: method('ServerReady'),
      ModelReady: method('ModelReady'),
      ServerMetadata: method('ServerMetadata'),
      ModelMetadata: method('ModelMetadata'),
      ModelInfer: method('ModelInfer'),
      ModelStreamInfer: {
        requestType: 'ModelInferRequest',
        responseType: 'ModelStreamInferResponse',
        requestStream: true,
        responseStream: true,
      },
      RepositoryIndex: method('RepositoryIndex'),
      RepositoryModelLoad: method('RepositoryModelLoad'),
      RepositoryModelUnload: method('RepositoryModelUnload'),
      ModelStatistics: method('ModelStatistics'),
    },
  },
};

const health = {
  HealthCheckRequest: message({ service: one('string', 1) }),
  HealthCheckResponse: {
    fields: { status: one('ServingStatus', 1) },
    nested: { ServingStatus: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } } },
  },
  Health: {
    methods: { Check: method('HealthCheck'), Watch: method('HealthCheck', { responseStream: true }) },
  },
};

/** The names that the services have in paths and in health checks. */
export const serviceNames = { inference: 'inference.GRPCInferenceService', health: 'grpc.health.v1.Health' } as const;

export const serviceDescriptors = {
  nested: {
    inference: { nested: inference },
    grpc: { nested: { health: { nested: { v1: { nested: health } } } } },
  },
};
