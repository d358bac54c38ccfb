import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { Logger } from 'pino';
import { VERSION } from '../../version.js';
import type { TracingSettings } from './settings.js';

const MAX_REASON_LENGTH = 300;
/** Characters of an attribute, of which the statements are the longest. */
const MAX_ATTRIBUTE_LENGTH = 4000;

/** Makes spans and sends them, in batches. What cannot be sent is logged and dropped. */
export function openProvider(settings: TracingSettings, log: Logger): TracerProvider {
  const warn = (message: string): void => {
    log.warn({ reason: message.slice(0, MAX_REASON_LENGTH) }, 'Traces could not be sent');
  };
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const exporter = new OTLPTraceExporter({ url: `${settings.endpoint.replace(/\/$/, '')}/v1/traces` });
  return new TracerProvider({
    sampler: samplerOf(settings),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    resource: detectResources({ detectors: [envDetector] }).merge(
      resourceFromAttributes({ [ATTR_SERVICE_NAME]: settings.serviceName, [ATTR_SERVICE_VERSION]: VERSION }),
    ),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
}

function samplerOf({ sampler, ratio }: TracingSettings): Sampler {
  const isByParent = sampler.startsWith('parentbased_');
  const root = rootSampler(sampler.replace('parentbased_', ''), ratio);
  return isByParent ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  switch (name) {
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    default:
      return new AlwaysOnSampler();
  }
}
