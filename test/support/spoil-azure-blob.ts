import { BlobServiceClient } from '@azure/storage-blob';

/** Puts other bytes in the place of a blob, as another program might. */
export async function spoilAzureBlob(
  connectionString: string,
  { container, blob, bytes }: { readonly container: string; readonly blob: string; readonly bytes: string },
): Promise<void> {
  const client = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
  await client.getBlockBlobClient(blob).upload(bytes, Buffer.byteLength(bytes));
}
