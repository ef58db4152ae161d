/** The side examined did something else than the case expects. */
export class Deviation extends Error {
  override readonly name = 'Deviation';
}
