export default async function globalTeardown() {
  globalThis.removeTestDump?.();
}
