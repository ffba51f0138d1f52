import type { Plugin } from 'esbuild';

/**
 * The package `debug`, of which Azure's SDK and mqtt.js make about forty calls for a message, looks at each call whether
 * somebody wants to read it. Whether that is so is known at the start: without the variable DEBUG a call does nothing at all.
 */
const PROGRAM = `
const quiet = () => Object.assign(() => {}, { enabled: false, namespace: '', extend: quiet, destroy: () => true, log: () => {} });
module.exports = process.env.DEBUG ? require('debug') : Object.assign(quiet, {
  enabled: () => false, enable: () => {}, disable: () => '', formatters: {}, names: [], skips: [], default: quiet, debug: quiet,
});
`;

const NAMESPACE = 'quiet-debug';

/** Puts a stand-in before the package \`debug\`, which loads it only when DEBUG is set. */
export const quietDebug: Plugin = {
  name: NAMESPACE,
  setup(bundler) {
    bundler.onResolve({ filter: /^debug$/ }, ({ namespace, resolveDir }) =>
      namespace === NAMESPACE ? undefined : { path: 'debug', namespace: NAMESPACE, pluginData: resolveDir },
    );
    bundler.onLoad({ filter: /^debug$/, namespace: NAMESPACE }, ({ pluginData }) => ({
      contents: PROGRAM,
      loader: 'js',
      resolveDir: String(pluginData),
    }));
  },
};
