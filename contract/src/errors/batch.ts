import type { ErrorEntry } from './entry.ts';

/** Failures of running batch jobs. */
export const batchErrors = {
  BatchInputInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The input of a batch job cannot be divided into mini-batches or read',
    remedy: 'The message names the file, the row or byte, and what was expected there.',
  },
  PlaceUnusable: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'A folder or a container of Azure Blob Storage cannot be listed, read or written',
    remedy: 'Check the path or address and who may use it; docs/batch.md says how access is given.',
  },
  ColumnsInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'It is not clear how the input of a batch job becomes the input of the model',
    remedy: 'Name the columns in the batch configuration, or write an entry script; the message lists both sides.',
  },
  ModelNotByRows: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A model without an entry script gives something else than one result for each row',
    remedy: 'Write an entry script that says which part of the output belongs to which row.',
  },
  ResultsMismatch: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'An entry script returned fewer or more results than its mini-batch has items',
    remedy: 'Return a list with one element for each item, in their order; an Error for an item that failed.',
  },
  JobInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'What stands in the place of a batch job is no job that can be run',
    remedy: 'Submit the job again; the message names the file and what is wrong with it.',
  },
  JobRuns: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'Another process runs the batch job already',
    remedy: 'Wait for it, or cancel the job first.',
  },
  JobFailed: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A batch job ended before its end, because more failed than may fail, or what fails everything',
    remedy: 'The message says why; the logs of the job have each failure.',
  },
  JobCanceled: {
    fault: 'user',
    httpStatus: 499,
    meaning: 'A batch job was cancelled',
    remedy: 'Nothing is lost: resume it, and it goes on where it was.',
  },
  WorkersNotStarted: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The worker processes of a batch job do not start: the model does not load, or init() fails',
    remedy: 'The message has the reason; logs/user/stderr has what the process wrote.',
  },
} as const satisfies Record<string, ErrorEntry>;
