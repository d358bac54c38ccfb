import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can stop passing anything on without a word, as a lost machine does. */
export interface FreezableProxy {
  port: number;
  freeze(): void;
  /** Passes on what comes from now on; connections from before stay silent. */
  thaw(): void;
  /** Breaks every connection, as a router does that has forgotten them. */
  reset(): void;
  close(): void;
}

export async function startProxy(targetPort: number): Promise<FreezableProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes) => to.write(bytes));
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    if (frozen) {
      from.pause();
    }
  };
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    pass(client, target);
    pass(target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    freeze() {
      frozen = true;
      sockets.forEach((socket) => socket.pause());
    },
    thaw() {
      frozen = false;
    },
    reset() {
      sockets.forEach((socket) => socket.resetAndDestroy());
    },
    close() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}
