// The host for batches: it scores files and tables, by the entry script `run(miniBatch, request)` or by the model as it is.
//
// A job is a folder, or a prefix of a container, with `job.json` in it (`batchPaths` of the contract says what else stands there).
// `runBatchNode` runs one node's share of it and `runBatchWorker` is the program of its worker processes; the scorer's image starts
// both: `main.mjs batch run --job PLACE --shard I/N` and `main.mjs batch worker`. Nodes share nothing but the place of the job:
//
//   plan.jsonl        made once, by node 0: tables, mini-batches with where they begin and end, totals for each node
//   parts/N.ok.failed the results of mini-batch N, written whole or not at all: what is there is done
//   failures/N.jsonl  its items that failed, and why
//   nodes/I/          state of node I, and what it has begun
//   result.json       written by the node that finds all parts there, after it merged them into the output
//
// Whoever starts nodes elsewhere (`BatchEngine` of @edgewright/deployers) writes job.json, starts N times the same image, reads
// nodes/*/status.json and result.json, and writes `cancel` to end the job.
export { BatchError } from './batch-error.ts';
export { openPlace } from './places/open-place.ts';
export { isBlobAddress } from './places/blob-address.ts';
export type { BlobAccess } from './places/blob-place.ts';
export type { Place, PlaceEntry } from './places/place.ts';
export { runBatchNode } from './node/run-batch-node.ts';
export type { BatchNodeEnd } from './node/run-batch-node.ts';
export type { RunBatchNodeOptions } from './node/node-session.ts';
export type { WorkerProgram } from './node/worker-process.ts';
export { runBatchWorker } from './worker/run-batch-worker.ts';
export type { FromWorker, ToWorker, WorkerChannel } from './worker/protocol.ts';
