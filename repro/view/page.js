'use strict';
// Draws executions: time goes down, each actor has a lane, two executions stand side by side. Only what is visible is drawn.
// A row is a deed, or a step without any. Rows are numbered from 0 in each execution.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = (id) => document.getElementById(id);
  const kGutter = 64, kMap = 54, kFinest = 46, kText = 13, kTitleLines = 4, kTitleLine = 14;
  let head = 44;  // How high the titles of the lanes are: as many lines as the longest needs.

  // ---- What happened, made ready ----

  const lowerBound = (list, value) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
  };

  // Of a deed: step, actor, kind, and numbers of texts: phrase, site, object, value, other.
  const kKinds = data.kinds, kColumns = 8;
  const sign = {
    begins: '\u25cb', ends: '\u25cf', fails: '\u2716', gives: '\u25b6', given: '\u25b7', takes: '\u25c0', locks: 'L', unlocks: 'U',
    waits: 'W', notifies: 'N', reads: 'r', writes: 'w', 'callback-begins': '{', 'callback-ends': '}', released: '\u2020',
    spills: '\u21d3', unspills: '\u21d1', preempted: '\u2298', told: '!', decision: '\u25c6', other: '\u00b7',
  };
  const meaning = {
    begins: 'begins', ends: 'ends', fails: 'fails, or ends by an error', gives: 'sends a value', given: 'goes on after sending', takes: 'gets a value',
    locks: 'takes a lock', unlocks: 'gives a lock back', waits: 'begins to wait', notifies: 'notifies', reads: 'reads memory', writes: 'writes memory',
    'callback-begins': 'a callback begins to run here', 'callback-ends': 'the callback returns', released: 'releases what nobody refers to any more',
    spills: 'its stack is spilled to the heap', unspills: 'its stack comes back', preempted: 'is switched away without having asked',
    told: 'what was found',
    decision: 'a decision: an answer that was not the ordinary one',
  };

  class Run {
    constructor(raw) {
      Object.assign(this, {label: raw.label, sameBefore: raw.same_before, finding: raw.finding, actors: raw.actors, texts: raw.texts});
      this.stepCount = raw.step_actor.length;
      this.stepSite = raw.step_site;
      this.stepDepth = raw.step_depth;
      this.makeRows(raw);
      this.makeLanes();
      this.makeBars();
      this.findingRow = this.rowOfFinding();
      this.makeArrows();
      this.makeContents(raw.changes);
    }

    // Rows: step, actor, deed (or -1).
    makeRows(raw) {
      const deeds = raw.deeds;
      this.deeds = deeds;
      const deedCount = deeds.length / kColumns;
      const rows = this.stepCount + deedCount + 1;
      this.rowStep = new Uint32Array(rows);
      this.rowActor = new Uint32Array(rows);
      this.rowDeed = new Int32Array(rows);
      this.firstRowOfStep = new Uint32Array(this.stepCount + 2);
      let n = 0, d = 0;
      for (let step = 0; step <= this.stepCount; ++step) {
        this.firstRowOfStep[step] = n;
        const before = n;
        while (d < deedCount && (deeds[d * kColumns] <= step || step === this.stepCount)) {
          this.rowStep[n] = step; this.rowActor[n] = deeds[d * kColumns + 1]; this.rowDeed[n++] = d++;
        }
        if (n === before && step > 0) {
          this.rowStep[n] = step; this.rowActor[n] = raw.step_actor[step - 1]; this.rowDeed[n++] = -1;
        }
      }
      this.firstRowOfStep[this.stepCount + 1] = n;
      this.rowCount = n;
      this.stepActor = raw.step_actor;
    }

    kind(row) { return this.rowDeed[row] < 0 ? '' : kKinds[this.deeds[this.rowDeed[row] * kColumns + 2]]; }
    // No deed of its actor, who may wait meanwhile.
    isSaidOnly(row) { return this.kind(row) === 'decision' || this.kind(row) === 'told'; }
    field(row, column) { return this.rowDeed[row] < 0 ? '' : this.texts[this.deeds[this.rowDeed[row] * kColumns + column]]; }
    phrase(row) {
      const phrase = this.field(row, 3);
      return phrase.includes('{value}') ? phrase.replaceAll('{value}', this.field(row, 6)) : phrase;
    }
    site(row) {
      if (this.rowDeed[row] >= 0) return this.field(row, 4);
      return this.texts[this.stepSite[this.rowStep[row] - 1]] || '';
    }
    name(actor) {
      const [path, name] = this.actors[actor] || ['?', ''];
      return name ? path + ' ' + name : path;
    }
    words(row) { return this.rowDeed[row] < 0 ? '' : this.phrase(row); }
    text(row) {
      const words = this.words(row), site = this.site(row);
      return words + (words && site ? '  ' : '') + (site ? '[' + site + ']' : '');
    }

    // Only those that do anything.
    makeLanes() {
      const seen = new Set();
      for (let row = 0; row < this.rowCount; ++row) seen.add(this.rowActor[row]);
      this.lanes = [...seen].sort((a, b) => a - b);
      this.laneOf = new Map(this.lanes.map((actor, lane) => [actor, lane]));
      this.actorOf = new Map(this.actors.map(([path], actor) => [path, actor]));
    }

    // In each lane stretches of rows: running, waiting, having a lock; each sorted by its begin.
    makeBars() {
      const lanes = () => this.lanes.map(() => ({from: [], to: [], what: []}));
      this.running = lanes(); this.waiting = lanes(); this.holding = lanes();
      const add = (bars, from, to, what) => { bars.from.push(from); bars.to.push(to); bars.what.push(what); };
      let begin = 0;
      for (let row = 1; row <= this.rowCount; ++row) {
        if (row < this.rowCount && this.rowActor[row] === this.rowActor[begin]) continue;
        add(this.running[this.laneOf.get(this.rowActor[begin])], begin, row, '');
        begin = row;
      }
      const waits = new Map(), holds = new Map();
      const endWait = (actor, row) => {
        const wait = waits.get(actor);
        if (!wait) return;
        waits.delete(actor);
        add(this.waiting[this.laneOf.get(actor)], wait.row + 1, row, wait.what);
      };
      // Steps of its own right behind it belong to the call that waits.
      const belongsToWait = (actor, row) => {
        const wait = waits.get(actor);
        if (!wait || this.rowDeed[row] >= 0 || wait.row + 1 !== row) return false;
        wait.row = row;
        return true;
      };
      // Of an object there are several holders where all of them read.
      const release = (object, row, isReleased) => {
        const held = holds.get(object) || [];
        for (const one of held.filter(isReleased)) add(this.holding[this.laneOf.get(one.actor)], one.row, row + 1, object);
        holds.set(object, held.filter((one) => !isReleased(one)));
      };
      const hold = (object, row, actor, reads) => {
        release(object, row - 1, (one) => !(one.reads && reads));
        holds.get(object).push({row, actor, reads});
      };
      for (let row = 0; row < this.rowCount; ++row) {
        const actor = this.rowActor[row], kind = this.kind(row), object = this.field(row, 5);
        if (!this.isSaidOnly(row) && !belongsToWait(actor, row)) endWait(actor, row);
        if (kind === 'waits') waits.set(actor, {row, what: this.phrase(row)});
        if (kind === 'gives') waits.set(actor, {row, what: 'waits for a receiver on ' + object});
        if (kind === 'locks') hold(object, row, actor, this.phrase(row).includes(' for reading '));
        if (kind === 'unlocks') {
          const own = (holds.get(object) || []).some((one) => one.actor === actor);
          release(object, row, (one) => !own || one.actor === actor);
          const next = this.actorOf.get(this.field(row, 7));
          if (next !== undefined && this.laneOf.has(next)) hold(object, row, next, false);
        }
      }
      // What nobody ended goes on to the end.
      for (const actor of [...waits.keys()]) endWait(actor, this.rowCount);
      for (const object of [...holds.keys()]) release(object, this.rowCount - 1, () => true);
      // A hand-over that did not take a single row of anybody else is no waiting.
      for (const bars of this.waiting) {
        const order = bars.from.map((_, i) => i).filter((i) => bars.to[i] > bars.from[i]);
        for (const key of ['from', 'to', 'what']) bars[key] = order.map((i) => bars[key][i]);
      }
      for (const bars of this.holding) {
        const order = bars.from.map((_, i) => i).sort((a, b) => bars.from[a] - bars.from[b]);
        for (const key of ['from', 'to', 'what']) bars[key] = order.map((i) => bars[key][i]);
      }
      // Locks may be held inside of others: how far each bar and those before it reach.
      for (const bars of [...this.running, ...this.waiting, ...this.holding]) {
        let most = 0;
        bars.reach = bars.to.map((to) => most = Math.max(most, to));
      }
    }

    // From who gives to who takes; from unlock to lock; from notify to whoever went on.
    makeArrows() {
      const arrows = [], given = new Map(), unlocked = new Map(), notified = new Map(), waits = new Map(), wokenBy = new Map();
      for (let row = 0; row < this.rowCount; ++row) {
        const kind = this.kind(row), object = this.field(row, 5), value = this.field(row, 6), actor = this.rowActor[row];
        const wait = waits.get(actor);
        if (wait && !this.isSaidOnly(row)) {
          const call = wait.startsWith('notify') ? notified.get(wait) : undefined;
          if (call !== undefined && this.rowActor[call] !== actor) { arrows.push([call, row, '']); notified.delete(wait); }
          waits.delete(actor);
        }
        if (kind === 'gives' && value) given.set(value, row);
        if (kind === 'takes' && given.has(value)) { arrows.push([given.get(value), row, value]); given.delete(value); }
        if (kind === 'unlocks') unlocked.set(object, row);
        if (kind === 'locks' && unlocked.has(object)) {
          if (this.rowActor[unlocked.get(object)] !== actor) arrows.push([unlocked.get(object), row, object]);
          unlocked.delete(object);
        }
        if (kind === 'notifies') {
          notified.set(object, row);
          const woken = this.actorOf.get(this.field(row, 7));
          if (woken !== undefined) wokenBy.set(woken, row);
        } else if (wokenBy.has(actor) && !this.isSaidOnly(row)) {
          arrows.push([wokenBy.get(actor), row, 'wakes']);
          wokenBy.delete(actor);
        }
        if (kind === 'waits') waits.set(actor, object);
      }
      // A value that the finding is about and that nobody took ends where the finding is.
      for (const [value, row] of given) {
        const about = this.finding && new RegExp('\\b' + value.replace(/[^A-Za-z0-9]/g, '\\$&') + '\\b').test(this.finding.message);
        if (about && this.findingRow > row) arrows.push([row, this.findingRow, value, true]);
      }
      arrows.sort((a, b) => a[0] - b[0]);
      this.arrows = arrows;
      this.longestArrow = arrows.reduce((most, [from, to]) => Math.max(most, to - from), 0);
      this.arrowFrom = arrows.map(([from]) => from);
    }

    // What queues, channels and stacks hold: for each the steps at which it changes.
    makeContents(changes) {
      this.contents = new Map();
      for (let i = 0; i < changes.length; i += 3) {
        const step = changes[i], key = this.texts[changes[i + 1]], content = changes[i + 2];
        if (!this.contents.has(key)) this.contents.set(key, {steps: [], values: []});
        const one = this.contents.get(key);
        one.steps.push(step); one.values.push(this.texts[content]);
      }
    }
    contentsAt(row) {
      const list = [], step = this.rowStep[row];
      for (const [what, {steps, values}] of this.contents) {
        const at = lowerBound(steps, step + 1) - 1;
        list.push([what, at < 0 ? '' : values[at]]);
      }
      const held = new Map();
      this.lanes.forEach((actor, lane) => {
        const bars = this.holding[lane], end = lowerBound(bars.from, row + 1);
        for (let i = 0; i < end; ++i) {
          if (bars.to[i] > row) held.set(bars.what[i], (held.get(bars.what[i]) || []).concat(this.name(actor)));
        }
      });
      for (const [what, owners] of held) list.push([what, owners.join(', ') + (owners.length > 1 ? ' have it' : ' has it')]);
      this.lanes.forEach((actor, lane) => {
        const bars = this.waiting[lane], at = lowerBound(bars.from, row + 1) - 1;
        if (at >= 0 && bars.to[at] > row) list.push([this.name(actor), bars.what[at]]);
      });
      return list;
    }

    rowOfFinding() {
      if (!this.finding) return -1;
      const step = Math.min(Math.max(this.finding.step, 0), this.stepCount);
      const from = this.firstRowOfStep[step], to = this.firstRowOfStep[step + 1];
      const wanted = this.finding.kind === 'deadlock' ? [] : ['spills', 'fails'];
      for (let row = from; row < to; ++row) if (wanted.includes(this.kind(row))) return row;
      if (this.finding.kind === 'deadlock') {
        for (let row = to - 1; row >= 0 && row > to - 200; --row) if (this.kind(row) === 'waits') return row;
      }
      return Math.max(to - 1, 0);
    }
  }

  const runs = data.runs.map((raw) => new Run(raw));
  const rowsMax = Math.max(...runs.map((run) => run.rowCount), 1);

  const differenceRow = (() => {
    if (runs.length < 2) return -1;
    const [a, b] = runs;
    const same = (row) => a.rowStep[row] === b.rowStep[row] && a.actors[a.rowActor[row]][0] === b.actors[b.rowActor[row]][0] &&
      a.words(row) === b.words(row) && a.site(row) === b.site(row);
    // Up to the other answer both are the same, even where one of them shows more of it.
    const step = Math.min(b.sameBefore || 0, a.stepCount, b.stepCount);
    let row = a.firstRowOfStep[step] === b.firstRowOfStep[step] ? a.firstRowOfStep[step] : 0;
    while (row < a.rowCount && row < b.rowCount && same(row)) ++row;
    return row === a.rowCount && row === b.rowCount ? -1 : row;
  })();

  // ---- What is seen ----

  const view = {top: 0, scale: 22, left: 0, row: Math.max(runs[0].findingRow, 0), run: 0, hits: [], hit: -1, words: ''};
  const canvas = $('lanes'), map = $('map'), stage = $('stage');
  const pen = canvas.getContext('2d'), mapPen = map.getContext('2d');
  let width = 0, height = 0, colours = {}, queued = false;
  const counters = {frames: 0};

  const font = (size, bold) => (bold ? '600 ' : '') + size + 'px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['paper', 'ink', 'soft', 'line', 'panel', 'band', 'run', 'wait', 'lock', 'bad', 'turn', 'arrow', 'hit', 'chosen'])
      colours[name] = style.getPropertyValue('--' + name).trim();
  };
  const stageRows = () => Math.max(height - head, 1) / view.scale;
  const y = (row) => head + (row - view.top) * view.scale;

  // Where each execution and each of its lanes stands.
  const layout = () => {
    const lanes = runs.reduce((sum, run) => sum + run.lanes.length, 0);
    const room = width - kMap - kGutter * runs.length;
    const lane = Math.max(room / lanes, view.scale >= 12 ? 58 : 26);
    const all = runs.length * kGutter + lanes * lane;
    view.left = Math.min(Math.max(view.left, 0), Math.max(all - (width - kMap), 0));
    let x = -view.left;
    head = 30 + kTitleLine * runs.reduce((most, run) => run.lanes.reduce((high, actor) => Math.max(high, titleLines(run.name(actor), lane).length), most), 1);
    return runs.map((run) => {
      const place = {run, x, lane, width: kGutter + run.lanes.length * lane};
      x += place.width;
      return place;
    });
  };
  const laneX = (place, lane) => place.x + kGutter + lane * place.lane;

  const clamp = () => {
    const finest = kFinest, coarsest = Math.min((height - head) / rowsMax, 22);
    view.scale = Math.min(Math.max(view.scale, Math.min(coarsest, finest)), finest);
    view.top = Math.min(Math.max(view.top, 0), Math.max(rowsMax - stageRows(), 0));
  };

  const clipped = (text, room) => {
    if (room < 12) return '';
    if (pen.measureText(text).width <= room) return text;
    let low = 0, high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pen.measureText(text.slice(0, middle) + '\u2026').width <= room) low = middle; else high = middle - 1;
    }
    return low > 0 ? text.slice(0, low) + '\u2026' : '';
  };

  // In lines that are no wider than `room`: broken behind a blank, else behind a colon, else anywhere. What does not go into the last one is clipped.
  const wrapped = (text, room) => {
    if (room < 40) return [clipped(text, room)];
    const lines = [];
    while (text && lines.length + 1 < kTitleLines && pen.measureText(text).width > room) {
      let fits = 1;
      while (fits < text.length && pen.measureText(text.slice(0, fits + 1)).width <= room) ++fits;
      const blank = text.lastIndexOf(' ', fits), at = blank > 0 ? blank : text.slice(0, fits).lastIndexOf(':');
      const cut = at > 0 ? at + 1 : fits;
      lines.push(text.slice(0, cut).trimEnd());
      text = text.slice(cut);
    }
    return text ? [...lines, clipped(text, room)] : lines;
  };
  const titles = new Map();  // Of lanes that wide; they are measured once.
  const titleLines = (name, lane) => {
    pen.font = font(12, true);
    if (titles.lane !== lane) titles.clear();
    titles.lane = lane;
    if (!titles.has(name)) titles.set(name, wrapped(name, lane - 8));
    return titles.get(name);
  };

  const hatch = (x, top, w, h, colour) => {
    pen.save();
    pen.beginPath(); pen.rect(x, top, w, h); pen.clip();
    pen.strokeStyle = colour; pen.lineWidth = 1; pen.beginPath();
    for (let at = top - (top % 6) - w; at < top + h + w; at += 6) { pen.moveTo(x, at + w); pen.lineTo(x + w, at); }
    pen.stroke(); pen.restore();
    pen.strokeStyle = colour; pen.strokeRect(x + .5, top + .5, w - 1, Math.max(h - 1, 1));
  };

  // Bars of one lane between two rows; where rows are smaller than pixels each pixel is asked for once.
  const drawBars = (bars, from, to, draw) => {
    if (view.scale >= .5) {
      for (let i = lowerBound(bars.reach, from + 1); i < bars.from.length && bars.from[i] < to; ++i) {
        if (bars.to[i] > from) draw(y(bars.from[i]), y(bars.to[i]), bars.what[i], i);
      }
      return;
    }
    let begin = -1;
    for (let pixel = head; pixel <= height; ++pixel) {
      const row = view.top + (pixel - head) / view.scale, next = row + 1 / view.scale;
      const i = lowerBound(bars.from, next) - 1;
      const inside = pixel < height && i >= 0 && bars.reach[i] > row;
      if (inside && begin < 0) begin = pixel;
      if (!inside && begin >= 0) { draw(begin, pixel, '', -1); begin = -1; }
    }
  };

  const drawLane = (place, lane, from, to) => {
    const {run} = place, x = laneX(place, lane), bar = Math.min(Math.max(place.lane / 6, 5), 11), mid = x + 14;
    pen.strokeStyle = colours.line; pen.lineWidth = 1;
    pen.beginPath(); pen.moveTo(mid + .5, head); pen.lineTo(mid + .5, Math.min(height, y(run.rowCount))); pen.stroke();
    // From afar what runs and what waits would hide each other: half of the width for each.
    const far = view.scale < 3, half = far ? bar / 2 + 1 : bar;
    drawBars(run.running[lane], from, to, (top, bottom) => {
      pen.fillStyle = colours.run; pen.fillRect(mid - bar / 2 - (far ? 2 : 0), top, half, Math.max(bottom - top, 1));
    });
    drawBars(run.waiting[lane], from, to, (top, bottom, what) => {
      const x0 = far ? mid + 2 : mid - bar / 2;
      if (far) {
        pen.strokeStyle = colours.wait; pen.lineWidth = 1;
        pen.strokeRect(x0 + .5, top + .5, half - 1, Math.max(bottom - top - 1, 0));
        return;
      }
      hatch(x0, top, bar, Math.max(bottom - top, 1), colours.wait);
      // Where its beginning is out of sight the bar says what it is.
      if (top >= head - 2 || bottom < head + 16) return;
      pen.font = font(11); pen.fillStyle = colours.wait;
      pen.fillText(clipped(what, place.lane - 34), mid + bar / 2 + 6, head + 13);
    });
    const slots = new Map();
    drawBars(run.holding[lane], from, to, (top, bottom, what) => {
      if (!slots.has(what)) slots.set(what, slots.size);
      const at = mid - bar / 2 - 3 - 3 * slots.get(what);
      pen.strokeStyle = colours.lock; pen.lineWidth = 1.5;
      pen.beginPath(); pen.moveTo(at, top); pen.lineTo(at, bottom); pen.moveTo(at, top + .75); pen.lineTo(at + 5, top + .75);
      if (bottom < height) { pen.moveTo(at, bottom - .75); pen.lineTo(at + 5, bottom - .75); }
      pen.stroke();
    });
  };

  const drawRow = (place, row) => {
    const {run} = place, lane = run.laneOf.get(run.rowActor[row]), x = laneX(place, lane), mid = x + 14, top = y(row);
    const kind = run.kind(row), strong = row === run.findingRow || kind === 'spills' || kind === 'fails';
    const colour = row === run.findingRow || kind === 'fails' ? colours.bad : kind === 'decision' ? colours.turn : colours.ink;
    const depth = run.stepDepth[run.rowStep[row] - 1] || 0, middle = top + view.scale / 2;
    if (depth > 0) { pen.fillStyle = colours.line; pen.fillRect(mid + 6, top + 1, Math.min(depth, 60) * 4, view.scale - 2); }
    if (kind) {
      pen.fillStyle = colours.paper; pen.strokeStyle = colour; pen.lineWidth = 1.25;
      pen.beginPath(); pen.arc(mid, middle, 6.5, 0, 7); pen.fill(); pen.stroke();
      pen.fillStyle = colour; pen.font = font(10, true); pen.textAlign = 'center';
      pen.fillText(sign[kind] || '\u00b7', mid, middle + 3.5); pen.textAlign = 'left';
    }
    // Nobody else does anything in this row: the text may run over other lanes, to the side where there is room.
    const right = Math.min(place.x + place.width, width - kMap) - mid - 20, left = mid - Math.max(place.x, 0) - kGutter - 16;
    const words = run.words(row), site = run.site(row), base = middle + 4.5;
    pen.font = font(kText, strong);
    const wordsWidth = words ? pen.measureText(words).width + 8 : 0;
    pen.font = font(11);
    const all = wordsWidth + (site ? pen.measureText(site).width : 0);
    const put = (text, x0, room, size, bold, paint) => {
      pen.font = font(size, bold);
      const shown = clipped(text, room);
      pen.strokeStyle = row === view.row ? colours.chosen : run.rowStep[row] % 2 === 1 ? colours.band : colours.paper;
      pen.lineWidth = 3; pen.lineJoin = 'round'; pen.strokeText(shown, x0, base);
      pen.fillStyle = paint; pen.fillText(shown, x0, base);
    };
    if ((wordsWidth || all) > right && left > right) {
      const begin = mid - 13 - Math.min(all, left);
      put(words, begin, left, kText, strong, colour);
      put(site, begin + wordsWidth, left - wordsWidth, 11, false, colours.soft);
    } else {
      put(words, mid + 13, right, kText, strong, colour);
      put(site, mid + 13 + wordsWidth, right - wordsWidth, 11, false, colours.soft);
    }
  };

  const drawMarkLine = (place, row, colour, label, dash) => {
    const at = Math.round(y(row)) + .5;
    if (row < 0 || at < head || at > height) return;
    pen.strokeStyle = colour; pen.lineWidth = 1.5; pen.setLineDash(dash);
    pen.beginPath(); pen.moveTo(place.x, at); pen.lineTo(place.x + place.width, at); pen.stroke(); pen.setLineDash([]);
    pen.font = font(11, true); const w = pen.measureText(label).width;
    pen.fillStyle = colours.paper; pen.fillRect(place.x + place.width - w - 12, at - 8, w + 8, 15);
    pen.fillStyle = colour; pen.fillText(label, place.x + place.width - w - 8, at + 4);
  };

  const drawArrows = (place, from, to) => {
    const {run} = place;
    if (view.scale < 3) return;
    let i = lowerBound(run.arrowFrom, from - run.longestArrow);
    for (let drawn = 0; i < run.arrows.length && run.arrows[i][0] < to && drawn < 400; ++i) {
      const [a, b, label, lost] = run.arrows[i];
      if (b < from) continue;
      ++drawn;
      const x1 = laneX(place, run.laneOf.get(run.rowActor[a])) + 14, x2 = laneX(place, run.laneOf.get(run.rowActor[b])) + 14;
      const y1 = y(a) + view.scale / 2, y2 = y(b) + view.scale / 2, way = x2 > x1 ? 1 : x2 < x1 ? -1 : 0;
      pen.strokeStyle = pen.fillStyle = lost ? colours.bad : colours.arrow; pen.lineWidth = 1.5; pen.setLineDash(lost ? [5, 4] : []); pen.beginPath();
      const sx = x1 + 7 * way, ex = x2 - 8 * way;
      pen.moveTo(sx, y1);
      if (way) pen.bezierCurveTo(sx + 30 * way, y1, ex - 30 * way, y2, ex, y2); else pen.bezierCurveTo(x1 + 22, y1, x1 + 22, y2, x2 + 8, y2);
      pen.stroke(); pen.setLineDash([]);
      const tip = way || -1, px = way ? ex : x2 + 8;
      pen.beginPath(); pen.moveTo(px + tip, y2); pen.lineTo(px - 7 * tip, y2 - 4); pen.lineTo(px - 7 * tip, y2 + 4); pen.fill();
      if (lost) { pen.lineWidth = 2; pen.beginPath(); pen.moveTo(px - 5, y2 - 9); pen.lineTo(px + 5, y2 + 1); pen.moveTo(px + 5, y2 - 9); pen.lineTo(px - 5, y2 + 1); pen.stroke(); }
      if (label && view.scale >= 12 && way) {
        pen.font = font(11, true); const w = pen.measureText(label).width;
        const lx = sx + 16 * way - (way < 0 ? w : 0), ly = y1 + Math.min(Math.max(y2 - y1, -14), 14);
        pen.fillStyle = colours.paper; pen.fillRect(lx - 3, ly - 8, w + 6, 15);
        pen.fillStyle = lost ? colours.bad : colours.arrow; pen.fillText(label, lx, ly + 4);
      }
    }
  };

  const drawGutter = (place, from, to) => {
    const {run} = place;
    pen.fillStyle = colours.soft; pen.font = font(11); pen.textAlign = 'right';
    const every = Math.pow(10, Math.ceil(Math.log10(Math.max(16 / view.scale, 1))));
    let last = -1;
    for (let row = Math.floor(from); row < to && row < run.rowCount; row += every >= 10 ? every - (row % every) : 1) {
      const step = run.rowStep[row];
      if (step !== last) pen.fillText(step.toLocaleString('en'), place.x + kGutter - 8, y(row) + Math.min(view.scale / 2, 8) + 4);
      last = step;
    }
    pen.textAlign = 'left';
  };

  const drawHead = (place) => {
    const {run} = place;
    pen.fillStyle = colours.panel; pen.fillRect(place.x, 0, place.width, head);
    pen.strokeStyle = colours.line; pen.lineWidth = 1; pen.beginPath();
    pen.moveTo(place.x, head - .5); pen.lineTo(place.x + place.width, head - .5); pen.stroke();
    pen.font = font(11, true); pen.fillStyle = run.finding ? colours.bad : colours.turn;
    pen.fillText(clipped((run.finding ? '\u2716 ' : '\u2714 ') + run.label, place.width - 14), place.x + 8, 15);
    pen.font = font(12, true); pen.fillStyle = colours.ink;
    pen.fillText('step', place.x + kGutter - 8 - pen.measureText('step').width, 35);
    run.lanes.forEach((actor, lane) => titleLines(run.name(actor), place.lane)
      .forEach((line, i) => pen.fillText(line, laneX(place, lane) + 4, 35 + i * kTitleLine)));
  };

  const drawPlace = (place) => {
    const {run} = place, from = Math.max(view.top - 1, 0), to = Math.min(view.top + stageRows() + 1, run.rowCount);
    pen.save();
    pen.beginPath(); pen.rect(place.x, 0, place.width, height); pen.clip();
    const detailed = view.scale >= 12;
    if (detailed) {
      for (let row = Math.floor(from); row < to; ++row) {
        if (run.rowStep[row] % 2 === 1) { pen.fillStyle = colours.band; pen.fillRect(place.x, y(row), place.width, view.scale); }
      }
      const hits = new Set(view.hits.filter(([r]) => runs[r] === run).map(([, row]) => row));
      for (const row of hits) if (row >= from - 1 && row < to) { pen.fillStyle = colours.hit; pen.fillRect(place.x, y(row), place.width, view.scale); }
    }
    if (view.row < run.rowCount) {
      pen.fillStyle = colours.chosen; pen.fillRect(place.x, y(view.row), place.width, Math.max(view.scale, 2));
    }
    run.lanes.forEach((_, lane) => {
      const x = laneX(place, lane);
      if (x < width && x + place.lane > 0) drawLane(place, lane, from, to);
    });
    drawArrows(place, from, to);
    drawGutter(place, from, to);
    if (detailed) for (let row = Math.floor(from); row < to; ++row) drawRow(place, row);
    for (const [step, path] of run.finding ? data.turning : []) {
      const row = run.firstRowOfStep[Math.min(step, run.stepCount)];
      if (row === run.findingRow || !detailed || !path) continue;
      pen.font = font(13, true); pen.fillStyle = colours.turn; pen.fillText('\u25b8', place.x + 8, y(row) + view.scale / 2 + 5);
    }
    if (run.findingRow >= 0) {
      pen.strokeStyle = colours.bad; pen.lineWidth = 2;
      const top = y(run.findingRow);
      if (detailed) pen.strokeRect(place.x + 3, top + 1, place.width - 6, view.scale - 2);
      else drawMarkLine(place, run.findingRow, colours.bad, '! ' + run.finding.kind, []);
      if (detailed) { pen.font = font(14, true); pen.fillStyle = colours.bad; pen.fillText('!', place.x + 9, top + view.scale / 2 + 5); }
    }
    drawMarkLine(place, differenceRow, colours.turn, 'first difference', [6, 4]);
    drawHead(place);
    pen.strokeStyle = colours.line; pen.lineWidth = 1; pen.beginPath();
    pen.moveTo(place.x + .5, 0); pen.lineTo(place.x + .5, height); pen.stroke();
    pen.restore();
  };

  const drawMap = () => {
    mapPen.fillStyle = colours.panel; mapPen.fillRect(0, 0, kMap, height);
    const per = (height - 4) / rowsMax, share = (kMap - 10) / runs.length;
    runs.forEach((run, index) => {
      const lane = share / run.lanes.length, x = 5 + index * share;
      mapPen.fillStyle = colours.run;
      if (per >= 1) {
        for (let row = 0; row < run.rowCount; ++row) mapPen.fillRect(x + run.laneOf.get(run.rowActor[row]) * lane, 2 + row * per, Math.max(lane - 1, 1), Math.max(per, 1));
      } else {
        for (let pixel = 0; pixel < height - 4; ++pixel) {
          const row = Math.floor(pixel / per);
          if (row < run.rowCount) mapPen.fillRect(x + run.laneOf.get(run.rowActor[row]) * lane, 2 + pixel, Math.max(lane - 1, 1), 1);
        }
      }
      if (run.findingRow >= 0) { mapPen.fillStyle = colours.bad; mapPen.fillRect(x - 2, 1 + run.findingRow * per, share, 3); }
    });
    if (differenceRow >= 0) { mapPen.fillStyle = colours.turn; mapPen.fillRect(2, 1 + differenceRow * per, kMap - 4, 2); }
    mapPen.fillStyle = colours.wait;
    for (const [, row] of view.hits.slice(0, 2000)) mapPen.fillRect(0, 1 + row * per, 5, 2);
    mapPen.strokeStyle = colours.ink; mapPen.lineWidth = 1;
    mapPen.strokeRect(1.5, 2 + view.top * per + .5, kMap - 3, Math.max(stageRows() * per, 4));
  };

  const draw = () => {
    queued = false;
    ++counters.frames;
    clamp();
    pen.fillStyle = colours.paper; pen.fillRect(0, 0, width, height);
    for (const place of layout()) drawPlace(place);
    drawMap();
  };
  const redraw = () => { if (!queued) { queued = true; requestAnimationFrame(draw); } };

  const resize = () => {
    const sharp = window.devicePixelRatio || 1;
    width = stage.clientWidth; height = stage.clientHeight;
    for (const [each, w] of [[canvas, width], [map, kMap]]) {
      each.width = w * sharp; each.height = height * sharp;
      each.style.width = w + 'px'; each.style.height = height + 'px';
      each.getContext('2d').setTransform(sharp, 0, 0, sharp, 0, 0);
    }
    titles.clear();
    layout();
    redraw();
  };

  // ---- The panel ----

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const showState = () => {
    const state = $('state');
    state.textContent = '';
    $('here-title').textContent = 'At the cursor: step ' + (runs[view.run].rowStep[Math.min(view.row, runs[view.run].rowCount - 1)] || 0).toLocaleString('en');
    runs.forEach((run) => {
      if (runs.length > 1) state.append(element('h3', run.label));
      if (view.row >= run.rowCount) { state.append(element('p', 'it has ended', 'now')); return; }
      state.append(element('p', run.name(run.rowActor[view.row]) + ': ' + (run.text(view.row) || 'a step'), 'now'));
      const table = element('table');
      for (const [what, content] of run.contentsAt(view.row)) {
        if (content === '') continue;
        const line = element('tr');
        line.append(element('td', what), element('td', content));
        table.append(line);
      }
      state.append(table);
    });
  };
  const goTo = (row, middle) => {
    view.row = Math.min(Math.max(Math.round(row), 0), rowsMax - 1);
    const rows = stageRows();
    if (middle) view.top = view.row - rows / 2;
    else if (view.row < view.top) view.top = view.row;
    else if (view.row > view.top + rows - 1) view.top = view.row - rows + 1;
    showState(); redraw();
  };
  const zoom = (factor, at) => {
    const y0 = at === undefined ? Math.min(Math.max(y(view.row), head), height) : at;
    const row = view.top + (y0 - head) / view.scale;
    view.scale *= factor;
    clamp();
    view.top = row - (y0 - head) / view.scale;
    redraw();
  };
  const fit = () => { view.scale = Math.min((height - head) / rowsMax, 30); view.top = 0; redraw(); };
  const jump = (row) => { if (row >= 0) { if (view.scale < 16) view.scale = 22; goTo(row, true); } };

  const search = () => {
    const words = $('search').value.trim().toLowerCase();
    view.words = words; view.hits = []; view.hit = -1;
    if (words) {
      runs.forEach((run, index) => {
        const named = run.actors.map((_, actor) => run.name(actor).toLowerCase().includes(words));
        for (let row = 0; row < run.rowCount; ++row) {
          const found = run.text(row).toLowerCase().includes(words) || (run.rowDeed[row] >= 0 && named[run.rowActor[row]]);
          if (found) view.hits.push([index, row]);
        }
      });
      view.hits.sort((a, b) => a[1] - b[1]);
    }
    $('hits').textContent = words ? view.hits.length.toLocaleString('en') + ' found' : '';
    if (view.hits.length) nextHit(1, true); else redraw();
  };
  const nextHit = (way, first) => {
    const n = view.hits.length;
    if (!n) return;
    if (first) { view.hit = view.hits.findIndex(([, row]) => row >= view.row); if (view.hit < 0) view.hit = 0; }
    else view.hit = (view.hit + way + n) % n;
    $('hits').textContent = (view.hit + 1).toLocaleString('en') + ' of ' + n.toLocaleString('en');
    view.run = view.hits[view.hit][0];
    jump(view.hits[view.hit][1]);
  };

  const nextSwitch = (way) => {
    const run = runs[view.run];
    let row = Math.min(view.row, run.rowCount - 1) + way;
    while (row > 0 && row < run.rowCount - 1 && run.rowActor[row] === run.rowActor[row - 1]) row += way;
    goTo(row);
  };
  const theme = () => {
    const root = document.documentElement, now = root.dataset.theme;
    if (now === 'dark') delete root.dataset.theme; else root.dataset.theme = now === 'light' ? 'dark' : 'light';
    readColours(); redraw();
  };

  const keys = {
    ArrowDown: ['next row', () => goTo(view.row + 1)], ArrowUp: ['row before', () => goTo(view.row - 1)],
    j: ['', () => goTo(view.row + 1)], k: ['', () => goTo(view.row - 1)],
    ArrowRight: ['next switch to another actor', () => nextSwitch(1)], ArrowLeft: ['switch before', () => nextSwitch(-1)],
    PageDown: ['a screen further', () => goTo(view.row + stageRows() - 1)], PageUp: ['a screen back', () => goTo(view.row - stageRows() + 1)],
    Home: ['the beginning', () => goTo(0)], End: ['the end', () => goTo(rowsMax - 1)],
    '+': ['zoom in', () => zoom(1.4)], '=': ['', () => zoom(1.4)], '-': ['zoom out', () => zoom(1 / 1.4)], 0: ['everything at once', fit],
    f: ['the finding', () => jump(runs[0].findingRow)], d: ['the first difference', () => jump(differenceRow)],
    '/': ['search', () => $('search').focus()], n: ['next that was found', () => nextHit(1)], N: ['the one before', () => nextHit(-1)],
    t: ['light, dark, as the system has it', theme], '?': ['this', () => $('help').showModal()],
  };

  // ---- Whoever uses it ----

  const listen = () => {
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || $('help').open) return;
      if (event.target === $('search')) {
        if (event.key === 'Enter') { nextHit(event.shiftKey ? -1 : 1); event.preventDefault(); }
        if (event.key === 'Escape') { event.target.blur(); stage.focus(); }
        return;
      }
      const key = keys[event.key];
      if (!key) return;
      if (event.target.tagName === 'BUTTON' && (event.key === 'Enter' || event.key === ' ')) return;
      event.preventDefault();
      key[1]();
    });
    stage.addEventListener('wheel', (event) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) { zoom(Math.exp(-event.deltaY / 250), event.offsetY); return; }
      const unit = event.deltaMode === 1 ? 22 : 1;
      if (event.shiftKey) view.left += (event.deltaY + event.deltaX) * unit;
      else { view.top += event.deltaY * unit / view.scale; view.left += event.deltaX * unit; }
      redraw();
    }, {passive: false});
    let drag = null;
    canvas.addEventListener('pointerdown', (event) => {
      drag = {x: event.clientX, y: event.clientY, top: view.top, left: view.left, moved: false};
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!drag) return;
      if (Math.abs(event.clientY - drag.y) + Math.abs(event.clientX - drag.x) > 4) drag.moved = true;
      if (!drag.moved) return;
      view.top = drag.top - (event.clientY - drag.y) / view.scale; view.left = drag.left - (event.clientX - drag.x);
      redraw();
    });
    canvas.addEventListener('pointerup', (event) => {
      if (drag && !drag.moved) {
        const place = layout().find((each) => event.offsetX >= each.x && event.offsetX < each.x + each.width);
        if (place) view.run = runs.indexOf(place.run);
        if (event.offsetY > head) goTo(Math.floor(view.top + (event.offsetY - head) / view.scale));
        stage.focus();
      }
      drag = null;
    });
    const onMap = (event) => { if (event.buttons) { view.top = event.offsetY / height * rowsMax - stageRows() / 2; redraw(); } };
    map.addEventListener('pointerdown', (event) => { map.setPointerCapture(event.pointerId); onMap(event); });
    map.addEventListener('pointermove', onMap);
    $('fit').onclick = fit; $('in').onclick = () => zoom(1.4); $('out').onclick = () => zoom(1 / 1.4);
    $('to-finding').onclick = keys.f[1]; $('to-difference').onclick = keys.d[1];
    $('theme').onclick = theme; $('help-button').onclick = keys['?'][1];
    $('search').addEventListener('input', search);
    window.addEventListener('resize', resize);
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColours(); redraw(); });
    window.addEventListener('beforeprint', makePaper);
  };

  // For paper a table, around the finding where there is too much.
  const kPaperRows = 400;
  const makePaper = () => {
    const paper = $('paper');
    paper.textContent = '';
    for (const run of runs) {
      const from = Math.max(Math.min(run.findingRow < 0 ? 0 : run.findingRow - kPaperRows / 2, run.rowCount - kPaperRows), 0);
      const to = Math.min(from + kPaperRows, run.rowCount);
      paper.append(element('h2', run.label + (to - from < run.rowCount ? ': rows ' + (from + 1) + ' to ' + to + ' of ' + run.rowCount : '')));
      const table = element('table'), top = element('thead'), names = element('tr'), body = element('tbody');
      names.append(element('th', 'step'), ...run.lanes.map((actor) => element('th', run.name(actor))));
      top.append(names);
      for (let row = from; row < to; ++row) {
        const line = element('tr', '', row === run.findingRow ? 'finding' : '');
        line.append(element('td', (row === run.findingRow ? '! ' : '') + run.rowStep[row]));
        run.lanes.forEach((actor) => line.append(element('td', actor === run.rowActor[row] ? run.text(row) || '\u00b7' : '')));
        body.append(line);
      }
      table.append(top, body);
      paper.append(table);
    }
  };

  const makePage = () => {
    const finding = runs[0].finding;
    $('subtitle').textContent = [data.file, runs[0].stepCount.toLocaleString('en') + ' steps',
      finding ? 'found in step ' + finding.step.toLocaleString('en') : 'nothing was found',
      runs.length > 1 ? 'beside an execution that passes' : ''].filter(Boolean).join(' \u00b7 ');
    const story = $('story');
    for (const sentence of data.story) story.append(element('p', sentence));
    for (const sentence of data.changes.concat(data.then)) story.append(element('p', sentence, 'turn'));
    if (data.without.length) story.append(element('p', 'It passes, too, without ' + data.without.join(' or ') + '.', 'turn'));
    if (!story.children.length) story.append(element('p', 'Nothing was found.'));
    const fill = (id, rows) => { for (const [what, means] of rows) $(id).append(element('dt', what), element('dd', means)); };
    fill('signs', [['solid bar', 'runs'], ['hatched bar', 'waits'], ['bracket', 'has a lock'], ['grey, behind the words', 'depth of its stack'], ['\u25b8', 'where another answer makes it pass'],
      ['!', 'the finding'], ['dashed line', 'the first difference']].concat(Object.entries(meaning).map(([kind, means]) => [sign[kind], means])));
    fill('keys', Object.entries(keys).filter(([, [means]]) => means).map(([key, [means]]) => [key, means])
      .concat([['Ctrl + wheel', 'zoom'], ['drag, wheel', 'move'], ['Shift + wheel', 'move sideways']]));
    $('to-finding').disabled = runs[0].findingRow < 0;
    $('to-difference').disabled = differenceRow < 0;
  };

  makePage();
  readColours();
  listen();
  resize();
  view.scale = rowsMax * 22 <= height - head ? Math.min((height - head) / rowsMax, 30) : 22;
  goTo(view.row, true);
  draw();
  stage.focus();
  // For tests: what is seen, and how often it was drawn.
  const titlesShown = () => layout().flatMap((place) => place.run.lanes.map((actor) => [place.run.name(actor), titleLines(place.run.name(actor), place.lane)]));
  window.reweave = {view, runs, counters, differenceRow, rowsMax, draw, titlesShown};
})();
