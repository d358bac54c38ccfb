import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { settingNames } from '../src/config/environment.js';

const file = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test('.env.example explains every setting, and no other', () => {
  const names = [...file('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(names.toSorted()).toEqual([...settingNames, 'POSTGRES_PASSWORD'].toSorted());
});

describe('docker-compose.yml', () => {
  const { services } = parse(file('docker-compose.yml'), { merge: true });

  test('upgrades once PostgreSQL answers, and serves once that has succeeded', () => {
    expect(services.postgres.healthcheck.test.join(' ')).toContain('pg_isready');
    expect(services.upgrade.command).toEqual(['migrate', 'upgrade']);
    expect(services.upgrade.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(services.laurel.depends_on.upgrade).toEqual({ condition: 'service_completed_successfully' });
    expect(services.laurel.healthcheck.test.join(' ')).toContain('/readyz');
  });

  test('serves by worker processes, and dumps the database by schedule', () => {
    expect(services.laurel.command).toEqual(['serve', '--workers', '${LAUREL_WORKERS:-2}']);
    const { entrypoint, volumes, environment, image } = services.backup;
    // The client programs are those of the server.
    expect(image).toBe(services.postgres.image);
    const script = volumes.find((volume: string) => volume.includes(entrypoint[1]))!.split(':')[0]!;
    expect(file(script)).toContain('pg_dump --format=custom');
    expect(
      Object.keys(environment)
        .filter((name) => name.startsWith('BACKUP_'))
        .every((name) => file(script).includes(name)),
    ).toBe(true);
    expect(environment.PGPASSWORD).toBe(services.postgres.environment.POSTGRES_PASSWORD);
  });

  test('names settings that exist, and has no secret of its own', () => {
    const { environment } = services.laurel;
    expect(settingNames).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect(environment).toEqual(services.upgrade.environment);
    expect(environment.TOKEN_SECRET).toBe('${TOKEN_SECRET:?Set TOKEN_SECRET in .env}');
    expect(services.postgres.environment.POSTGRES_PASSWORD).toBe('${POSTGRES_PASSWORD:?Set POSTGRES_PASSWORD in .env}');
  });
});

test('the Dockerfile runs as another user than root and checks its health', () => {
  const last = file('Dockerfile')
    .split(/^FROM /m)
    .at(-1)!;
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(/^HEALTHCHECK /m);
});
