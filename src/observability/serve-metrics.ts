import type { Logger } from 'pino';
import type { Metrics } from './metrics.js';
import { type MetricsServer, serveMetrics } from './metrics-server.js';

export interface MetricsSettings {
  /** Absent: there are no metrics, and nothing that makes them is loaded. */
  metricsPort: number | undefined;
  metricsHost: string;
}

/** The metrics of a process that serves them itself. */
export interface ServedMetrics {
  metrics: Metrics;
  server: MetricsServer;
}

/**
 * Begins to count in this process, and serves what is counted.
 * @throws ConfigError where the address cannot be listened on
 */
export async function openMetrics(
  { metricsPort, metricsHost }: MetricsSettings,
  log: Logger,
): Promise<ServedMetrics | undefined> {
  if (metricsPort === undefined) {
    return undefined;
  }
  const { Metrics } = await import('./metrics.js');
  const metrics = new Metrics();
  const server = await serveMetrics({ metricsPort, metricsHost }, () => metrics.text());
  log.info({ url: server.url }, 'Metrics are served');
  return { metrics, server };
}

/** Begins to count in a worker, for `serveMetricsOfWorkers` in the process that supervises it. */
export async function openWorkerMetrics({ metricsPort }: MetricsSettings): Promise<Metrics | undefined> {
  if (metricsPort === undefined) {
    return undefined;
  }
  const { Metrics } = await import('./metrics.js');
  const metrics = new Metrics();
  metrics.answerSupervisor();
  return metrics;
}

/**
 * Serves the metrics of all workers of this process as one.
 * @throws ConfigError where the address cannot be listened on
 */
export async function serveMetricsOfWorkers(
  { metricsPort, metricsHost }: MetricsSettings,
  log: Logger,
): Promise<MetricsServer | undefined> {
  if (metricsPort === undefined) {
    return undefined;
  }
  const { ClusterRegistry } = await import('@prometheus-io/client');
  const workers = new ClusterRegistry();
  const server = await serveMetrics({ metricsPort, metricsHost }, () => workers.clusterMetrics());
  log.info({ url: server.url }, 'Metrics are served');
  return server;
}
