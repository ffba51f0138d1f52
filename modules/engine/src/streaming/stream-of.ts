import type { ByteStream, JobOutput } from '../scoring/job.ts';

/** The stream in what a job gave, when there is one. */
export function streamOf(output: JobOutput | undefined): ByteStream | undefined {
  if (output === undefined || !('answer' in output)) return undefined;
  const { body } = output.answer;
  return body instanceof Uint8Array ? undefined : body;
}
