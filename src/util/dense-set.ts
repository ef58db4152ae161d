/** Something that is in a {@link DenseSet}; the field is the set's. */
export interface Slotted {
  slot: number;
}

/**
 * A set of what comes and goes with every request. A `Set` would leave behind tables that keep what is long gone from
 * being collected early: it cost a quarter of the time of a request.
 */
export class DenseSet<T extends Slotted> {
  private readonly items: T[] = [];

  add(item: T): void {
    item.slot = this.items.length;
    this.items.push(item);
  }

  /** Takes it out. Tells whether it was there. */
  delete(item: T): boolean {
    const { items } = this;
    if (items[item.slot] !== item) return false;
    const last = items.pop();
    if (last === undefined || last === item) return true;
    items[item.slot] = last;
    last.slot = item.slot;
    return true;
  }

  /** All of them, as they are now. */
  all(): T[] {
    return [...this.items];
  }
}
