import { FrameObserver, type OnFrame } from '../../protocol/websocket/frames/frame-tap.ts';

/** Shows the frames that a session receives, from the first one that it sees from its beginning. */
export class SessionTap {
  private readonly observer: FrameObserver;
  private isObserving = false;
  private isOver = false;

  constructor(onFrame: OnFrame) {
    this.observer = new FrameObserver(onFrame);
  }

  /** Begins with what is read next, which begins a frame; `rest` was read before and not looked at. */
  begin(rest: Buffer | undefined): void {
    if (this.isObserving || this.isOver) return;
    this.isObserving = true;
    if (rest !== undefined) this.onBytes(rest, 0, rest.length);
  }

  /** To be called with everything that is read, before it is parsed. */
  onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.isObserving && !this.isOver) this.observer.observe(bytes, start, end);
  }

  /** Ends: what follows is no part of the protocol any more. */
  end(): void {
    this.isOver = true;
  }
}
