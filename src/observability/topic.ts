import { type Channel, channel } from 'node:diagnostics_channel';

/** A kind of thing that happens: told to whoever listens in this process, next to free where nobody does. */
export class Topic<Message> {
  readonly #channel: Channel;

  /** @param name for Node's diagnostics channels, on which others can listen too */
  constructor(name: string) {
    this.#channel = channel(`laurel:${name}`);
  }

  get isHeard(): boolean {
    return this.#channel.hasSubscribers;
  }

  tell(message: Message): void {
    this.#channel.publish(message);
  }

  /** @returns what ends the listening */
  listen(listener: (message: Message) => void): () => void {
    const subscriber = (message: unknown): void => listener(message as Message);
    this.#channel.subscribe(subscriber);
    return () => this.#channel.unsubscribe(subscriber);
  }
}
