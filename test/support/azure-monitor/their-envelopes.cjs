// Reads spans as JSON from its input, and writes what Microsoft's exporter makes of each. A program of its own: what the exporter depends on can be
// loaded by a plain `require` alone.
const { readFileSync } = require('node:fs');
const path = require('node:path');

const folder = path.dirname(require.resolve('@azure/monitor-opentelemetry-exporter'));
const { readableSpanToEnvelope, spanEventsToEnvelopes } = require(path.join(folder, 'utils', 'spanUtils.js'));

const { key, spans } = JSON.parse(readFileSync(0, 'utf8'));
const envelopes = spans.map(({ context, ...rest }) => {
  const span = { ...rest, spanContext: () => context };
  return [readableSpanToEnvelope(span, key), ...spanEventsToEnvelopes(span, key)];
});
process.stdout.write(JSON.stringify(envelopes));
