import { pullImage, pushImage } from '@edgewright/packager';

/**
 * Pushes an image, pulls it again, and prints the most memory that this took, in bytes: a process of its own, so that nothing
 * else counts. Arguments: the layout, the image in it, `HOST:PORT/NAME:TAG`, the layout to pull into.
 */
const [layoutDirectory = '', image = '', target = '', pulled = ''] = process.argv.slice(2);
const { digest } = await pushImage({ layoutDirectory, image, target });
const back = await pullImage({ reference: target, layoutDirectory: pulled });
if (back.digest !== digest) throw new TypeError(`pulled ${back.digest} instead of ${digest}`);
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
