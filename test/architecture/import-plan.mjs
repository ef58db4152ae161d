// Prints the plan of imports of some folders of src: `npm run plan -- [COMMIT] [FOLDER…]`, of the working tree without a
// commit. A room is a folder that holds files; a file that lies beside folders, in none of them, is a room of its own, and
// so is each file of a folder without any. An arrow is a pair of rooms of which one imports the other. An arrow is upward
// when it goes against the order of the rooms in which the fewest do: there would be none if no two rooms needed each other.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const AREAS = ['cli', 'server', 'connection', 'http-client', 'http-server'];
const [first, ...rest] = process.argv.slice(2);
const git = (...args) => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
const isFolder = (name) => readdirSync('src').includes(name);
const commit = first === undefined || isFolder(first) ? undefined : first;
const areas = [...(commit === undefined && first !== undefined ? [first] : []), ...rest];

const files =
  commit === undefined
    ? readdirSync('src', { recursive: true }).map((file) => `src/${file.replaceAll('\\', '/')}`)
    : git('ls-tree', '-r', '--name-only', commit, 'src').split('\n');
const read = (file) => (commit === undefined ? readFileSync(file, 'utf8') : git('show', `${commit}:${file}`));
const sources = files.filter((file) => file.endsWith('.ts'));

console.log('| folder | files | rooms | arrows | upward |');
console.log('|---|---|---|---|---|');
const drawn = [];
for (const area of areas.length > 0 ? areas : AREAS) {
  const own = sources.filter((file) => file.startsWith(`src/${area}/`));
  const arrows = new Set();
  for (const file of own) {
    for (const [, specifier] of read(file).matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const target = posix.join(posix.dirname(file), specifier);
      if (!target.startsWith(`src/${area}/`) || roomOf(target, area) === roomOf(file, area)) continue;
      arrows.add(`${roomOf(file, area)} ${roomOf(target, area)}`);
    }
  }
  const rooms = [...new Set(own.map((file) => roomOf(file, area)))];
  const pairs = [...arrows].map((arrow) => arrow.split(' '));
  const order = bestOrder(rooms, pairs);
  const upward = pairs.filter(([from, to]) => order.indexOf(from) > order.indexOf(to));
  console.log(`| \`${area}\` | ${own.length} | ${rooms.length} | ${pairs.length} | ${upward.length} |`);
  drawn.push({ area, order, pairs, upward });
}

for (const { area, order, pairs, upward } of drawn) {
  console.log(`\n${area}, from the top`);
  for (const room of order) {
    const targets = pairs.filter(([from]) => from === room).map(([, to]) => to);
    console.log(`  ${room}${targets.length === 0 ? '' : ` -> ${targets.sort().join(', ')}`}`);
  }
  for (const [from, to] of upward) console.log(`  upward: ${from} -> ${to}`);
}

/** The room of a file: its folder below the area, or the file itself. */
function roomOf(file, area) {
  const path = file.slice(`src/${area}/`.length);
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : path.replace(/\.ts$/, '');
}

/** An order with few arrows against it: one room after the other is moved to where it is best, until nothing gains. */
function bestOrder(rooms, pairs) {
  const into = (room) => pairs.filter(([, to]) => to === room).length;
  const out = (room) => pairs.filter(([from]) => from === room).length;
  const order = [...rooms].sort((a, b) => into(a) - out(a) - (into(b) - out(b)) || (a < b ? -1 : 1));
  const against = (list) => {
    const at = new Map(list.map((room, index) => [room, index]));
    return pairs.filter(([from, to]) => at.get(from) > at.get(to)).length;
  };
  for (let best = against(order), isBetter = true; isBetter; ) {
    isBetter = false;
    for (const room of rooms) {
      for (let place = 0; place < rooms.length; place++) {
        const moved = order.filter((other) => other !== room);
        moved.splice(place, 0, room);
        const count = against(moved);
        if (count >= best) continue;
        order.splice(0, order.length, ...moved);
        best = count;
        isBetter = true;
      }
    }
  }
  return order;
}
