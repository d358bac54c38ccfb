import { z } from 'zod';

/** The samplers of OpenTelemetry's specification. */
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface TracingSettings {
  /** Of an OTLP receiver, to whose path `/v1/traces` is added. */
  endpoint: string;
  serviceName: string;
  sampler: (typeof SAMPLERS)[number];
  /** Which part of the traces is sampled where the sampler goes by that, 0 to 1. */
  ratio: number;
}

/** Environment variables, named and meant as in OpenTelemetry's specification. */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an address like http://collector:4318' })
    .optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default('laurel'),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number('must be a number from 0 to 1').min(0).max(1).default(1),
};

/** Undefined where nothing is traced. */
export function toTracing(environment: z.infer<z.ZodObject<typeof tracingVariables>>): TracingSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: serviceName } = environment;
  if (endpoint === undefined) {
    return undefined;
  }
  return {
    endpoint,
    serviceName,
    sampler: environment.OTEL_TRACES_SAMPLER,
    ratio: environment.OTEL_TRACES_SAMPLER_ARG,
  };
}
