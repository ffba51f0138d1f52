import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { SimulatorError } from '../simulator-error.ts';

const TAG_BYTES = 16;
const MAX_VECTOR_BYTES = 1024;

/** Whose data is protected: what one module encrypts, no other can decrypt, nor the same one after it was recreated. */
export interface DataOwner {
  readonly moduleId: string;
  readonly generationId: string;
  /** The device's key, base64: what the encryption key is derived from. */
  readonly deviceKey: string;
}

/** Encrypts with AES-256-GCM; the result ends with the tag. */
export function encryptData(owner: DataOwner, plaintext: Buffer, initializationVector: Buffer): Buffer {
  checkVector(initializationVector);
  const cipher = createCipheriv('aes-256-gcm', keyOf(owner), initializationVector);
  cipher.setAAD(Buffer.from(owner.moduleId + owner.generationId));
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws SimulatorError `SimulatorFailed` when it was not encrypted for this owner with this vector */
export function decryptData(owner: DataOwner, ciphertext: Buffer, initializationVector: Buffer): Buffer {
  checkVector(initializationVector);
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(owner), initializationVector, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(owner.moduleId + owner.generationId));
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SimulatorError(
      'SimulatorFailed',
      `cannot decrypt for module "${owner.moduleId}": the data was not encrypted for it with this initialization vector`,
      { details: { moduleId: owner.moduleId }, cause },
    );
  }
}

function keyOf({ deviceKey }: DataOwner): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(deviceKey, 'base64'), '', 'edgewright workload data', 32));
}

function checkVector(vector: Buffer): void {
  if (vector.length > 0 && vector.length <= MAX_VECTOR_BYTES) return;
  throw new SimulatorError(
    'SimulatorRequestInvalid',
    `cannot use an initialization vector of ${vector.length} bytes: 1 to ${MAX_VECTOR_BYTES} are possible, 12 are usual`,
    { details: { bytes: vector.length } },
  );
}
