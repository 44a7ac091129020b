// Slices as a film: forwards, then from the start again; waits for slices that are not there yet.

export class Cine {
  constructor(pane) {
    this.pane = pane;
    this.fps = 12;
    this.timer = 0;
  }

  get running() {
    return this.timer !== 0;
  }

  toggle() {
    if (this.running) this.stop();
    else if ((this.pane.picture?.meta.frames ?? 1) > 1) this.next();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  next() {
    this.timer = setTimeout(async () => {
      const { pane } = this;
      if (!pane.picture || pane.picture.meta.frames < 2) return this.stop();
      await pane.go((pane.at + 1) % pane.picture.meta.frames);
      if (this.running) this.next();
      return undefined;
    }, 1000 / this.fps);
  }
}
