"use strict";
// The diagram: dagre says where the boxes stand, from the sizes that they have here.
(() => {
  const section = document.querySelector("#diagram");
  const viewport = section.querySelector(".viewport");
  const world = section.querySelector(".world");
  const svg = section.querySelector(".edges");
  const nodes = [...world.querySelectorAll(".node")];
  const byName = new Map(nodes.map((node) => [node.dataset.table, node]));
  const tenantEdges = section.querySelector("#account-keys");
  const allColumns = section.querySelector("#all-columns");
  const SVG = "http://www.w3.org/2000/svg";
  let size = { width: 0, height: 0 };
  let view = { x: 0, y: 0, scale: 1 };

  // Keys between tables. Those of the account alone, to the table that all others hang on, are told apart.
  const edges = nodes.flatMap((node) =>
    (node.dataset.edges ? node.dataset.edges.split("\u001e") : []).map((edge) => {
      const [to, columns] = edge.split("\u001f");
      const from = node.dataset.table;
      return { from, to, columns, id: `${from}/${columns}/${to}` };
    })).filter((edge) => byName.has(edge.to));
  const hanging = (name) => edges.filter((edge) => edge.to === name && !edge.columns.includes(",")).length;
  const counts = new Map(nodes.map((node) => [node.dataset.table, hanging(node.dataset.table)]));
  for (const edge of edges) edge.account = !edge.columns.includes(",") && counts.get(edge.to) >= 6;
  // Too many lines to one table hide all others.
  tenantEdges.checked = edges.filter((edge) => edge.account).length <= 40;

  // Tables that are tied to each other, directly or by others.
  const components = (wanted) => {
    const near = new Map(nodes.map((node) => [node.dataset.table, []]));
    for (const { from, to } of wanted) { near.get(from).push(to); near.get(to).push(from); }
    const met = new Set();
    const found = [];
    for (const start of near.keys()) {
      if (met.has(start)) continue;
      const names = [start];
      met.add(start);
      for (const name of names) for (const other of near.get(name)) if (!met.has(other)) { met.add(other); names.push(other); }
      found.push({ names, edges: wanted.filter((edge) => names.includes(edge.from)) });
    }
    return found.toSorted((a, b) => b.names.length - a.names.length);
  };

  const arranged = ({ names, edges: wanted }) => {
    const graph = new dagre.graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: "LR", nodesep: 20, edgesep: 14, ranksep: 80 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const name of names) {
      const { offsetWidth: width, offsetHeight: height } = byName.get(name);
      graph.setNode(name, { width, height });
    }
    // A table that is tied to one other alone stands to its left, in a column or more; the others stand to the right.
    const drawn = wanted.filter((edge) => edge.from !== edge.to);
    const parents = new Set(drawn.map((edge) => edge.to));
    const isLeaf = (name) => !parents.has(name) && drawn.filter((edge) => edge.from === name).length === 1;
    const leaves = new Map();
    for (const edge of drawn) if (isLeaf(edge.from)) leaves.set(edge.to, [...(leaves.get(edge.to) ?? []), edge.from]);
    for (const edge of drawn) {
      const beside = leaves.get(edge.to) ?? [];
      const left = beside.length > 2 && isLeaf(edge.from);
      const columns = Math.min(Math.max(Math.ceil(beside.length / 6), 1), 6);
      edge.ends = left ? [edge.from, edge.to] : [edge.to, edge.from];
      graph.setEdge(...edge.ends, { minlen: left ? 1 + (beside.indexOf(edge.from) % columns) : 1, weight: edge.account ? 1 : 3 }, edge.id);
    }
    dagre.layout(graph);
    const boxes = names.map((name) => graph.node(name));
    const most = (of) => Math.max(...boxes.map(of), ...drawn.flatMap((edge) => graph.edge(...edge.ends, edge.id).points.map(of)));
    const width = most(({ x, width = 0 }) => x + width / 2), height = most(({ y, height = 0 }) => y + height / 2);
    return { graph, names, edges: wanted, drawn, width, height };
  };

  const layout = () => {
    world.classList.toggle("whole", allColumns.checked);
    const wanted = edges.filter((edge) => tenantEdges.checked || !edge.account);
    const parts = components(wanted).map(arranged);
    // Part beside part, in rows.
    const gap = 32;
    const area = parts.reduce((sum, part) => sum + (part.width + gap) * (part.height + gap), 0);
    const widest = Math.max(...parts.map((part) => part.width), Math.sqrt(area * 1.7)) + gap;
    const places = new Map(), routes = new Map();
    let x = gap, y = gap, tallest = 0, right = 0;
    for (const part of parts) {
      if (x > gap && x + part.width > widest) { x = gap; y += tallest + gap; tallest = 0; }
      for (const name of part.names) {
        const node = part.graph.node(name);
        node.x += x; node.y += y;
        places.set(name, { x: node.x - node.width / 2, y: node.y - node.height / 2, width: node.width, height: node.height });
      }
      for (const edge of part.drawn) for (const point of part.graph.edge(...edge.ends, edge.id).points) { point.x += x; point.y += y; }
      for (const [id, path] of route(part.graph, part.drawn, places)) routes.set(id, path);
      x += part.width + gap;
      right = Math.max(right, x);
      tallest = Math.max(tallest, part.height);
    }
    size = { width: right, height: y + tallest + gap };
    world.style.width = `${size.width}px`;
    world.style.height = `${size.height}px`;
    for (const node of nodes) {
      const place = places.get(node.dataset.table);
      node.style.left = `${place.x}px`;
      node.style.top = `${place.y}px`;
    }
    svg.setAttribute("width", size.width);
    svg.setAttribute("height", size.height);
    svg.replaceChildren();
    for (const edge of wanted) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", routes.get(edge.id) ?? loop(places.get(edge.from)));
      path.setAttribute("class", edge.account ? "edge account" : "edge");
      path.dataset.from = edge.from;
      path.dataset.to = edge.to;
      const title = document.createElementNS(SVG, "title");
      title.textContent = `${edge.from} (${edge.columns}) → ${edge.to}`;
      path.append(title);
      svg.append(path);
    }
    section.dataset.state = "ready";
  };

  // From side to side: an edge leaves to the right and arrives from the left, level where it passes a column of boxes.
  const route = (graph, wanted, places) => {
    const columns = new Map();
    for (const name of graph.nodes()) {
      const { x, width } = graph.node(name);
      const column = columns.get(Math.round(x)) ?? { x, half: 0 };
      column.half = Math.max(column.half, width / 2);
      columns.set(Math.round(x), column);
    }
    const passes = (edge) => graph.edge(...edge.ends, edge.id).points.slice(1, -1)
      .filter((point) => columns.has(Math.round(point.x)))
      .map((point) => ({ ...point, half: columns.get(Math.round(point.x)).half }));
    const middle = ({ y, height }) => y + height / 2;
    const lines = wanted.map((edge) => {
      const [from, to] = edge.ends.map((name) => places.get(name));
      const between = passes(edge);
      return { edge, from, to, between, out: between[0]?.y ?? middle(to), into: between.at(-1)?.y ?? middle(from) };
    });
    // Those of one side of a box are spread over it in the order of where they go.
    const port = (box, others, own, by) => {
      const sorted = others.toSorted((a, b) => a[by] - b[by]);
      return box.y + (box.height * (sorted.indexOf(own) + 1)) / (sorted.length + 1);
    };
    return new Map(lines.map((line) => {
      const { edge, from, to, between } = line;
      const start = { x: from.x + from.width, y: port(from, lines.filter((other) => other.from === from), line, "out") };
      const end = { x: to.x, y: port(to, lines.filter((other) => other.to === to), line, "into") };
      let text = `M${start.x} ${start.y}`, at = start;
      const bend = (next) => {
        const half = (next.x - at.x) / 2;
        text += `C${at.x + half} ${at.y} ${next.x - half} ${next.y} ${next.x} ${next.y}`;
        at = next;
      };
      for (const { x, y, half } of between) {
        bend({ x: x - half, y });
        at = { x: x + half, y };
        text += `L${at.x} ${at.y}`;
      }
      bend(end);
      return [edge.id, text];
    }));
  };
  const loop = ({ x, y, width }) => `M${x + width} ${y + 14}c40 -8 40 34 0 26`;

  const paint = () => { world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`; };
  const fit = () => {
    const { clientWidth, clientHeight } = viewport;
    const scale = Math.min(clientWidth / size.width, clientHeight / size.height, 1.1);
    // On a small screen a part that can be read is better than a whole that can't.
    view.scale = Math.max(scale, clientWidth < 600 ? 0.55 : 0.36);
    view.x = Math.max((clientWidth - size.width * view.scale) / 2, 0);
    view.y = Math.max((clientHeight - size.height * view.scale) / 2, 0);
    paint();
  };
  const zoom = (factor, at = { x: viewport.clientWidth / 2, y: viewport.clientHeight / 2 }) => {
    const scale = Math.min(Math.max(view.scale * factor, 0.1), 2.5);
    view.x = at.x - (at.x - view.x) * (scale / view.scale);
    view.y = at.y - (at.y - view.y) * (scale / view.scale);
    view.scale = scale;
    paint();
  };
  const centre = (node) => {
    view.scale = Math.max(view.scale, 0.8);
    view.x = viewport.clientWidth / 2 - (node.offsetLeft + node.offsetWidth / 2) * view.scale;
    view.y = viewport.clientHeight / 2 - (node.offsetTop + node.offsetHeight / 2) * view.scale;
    paint();
  };

  // One table is chosen, and what it is tied to stays bright.
  let chosen = null;
  const choose = (name, move) => {
    chosen = name;
    world.classList.toggle("chosen", name !== null);
    const near = new Set([name]);
    for (const path of svg.children) {
      const own = path.dataset.from === name || path.dataset.to === name;
      path.classList.toggle("near", own);
      if (own) { near.add(path.dataset.from); near.add(path.dataset.to); }
    }
    for (const node of nodes) {
      node.classList.toggle("near", near.has(node.dataset.table));
      node.classList.toggle("self", node.dataset.table === name);
    }
    if (name !== null && move) centre(byName.get(name));
  };

  // The table that lies next in a direction.
  const beside = (dx, dy) => {
    const middle = (node) => ({ x: node.offsetLeft + node.offsetWidth / 2, y: node.offsetTop + node.offsetHeight / 2 });
    if (chosen === null) return nodes[0]?.dataset.table ?? null;
    const from = middle(byName.get(chosen));
    let best = null, least = Infinity;
    for (const node of nodes) {
      const to = middle(node);
      const along = (to.x - from.x) * dx + (to.y - from.y) * dy;
      const across = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
      if (along > 4 && along + 2 * across < least) { least = along + 2 * across; best = node.dataset.table; }
    }
    return best ?? chosen;
  };

  let drag = null;
  const pointers = new Map();
  viewport.addEventListener("pointerdown", (event) => {
    if (event.target.closest("a")) return;
    pointers.set(event.pointerId, event);
    drag = { x: event.clientX - view.x, y: event.clientY - view.y, moved: false, pinch: null };
    viewport.setPointerCapture(event.pointerId);
  });
  viewport.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      const box = viewport.getBoundingClientRect();
      if (drag.pinch) zoom(apart / drag.pinch, { x: (a.clientX + b.clientX) / 2 - box.x, y: (a.clientY + b.clientY) / 2 - box.y });
      drag.pinch = apart;
      drag.moved = true;
      return;
    }
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (Math.hypot(x - view.x, y - view.y) > 3) drag.moved = true;
    if (drag.moved && !drag.pinch) { view.x = x; view.y = y; paint(); }
  });
  const drop = (event) => {
    if (pointers.delete(event.pointerId) && !drag.moved && event.type === "pointerup") {
      const under = document.elementFromPoint(event.clientX, event.clientY)?.closest(".node");
      choose(under ? under.dataset.table : null, false);
    }
  };
  viewport.addEventListener("pointerup", drop);
  viewport.addEventListener("pointercancel", drop);
  viewport.addEventListener("dblclick", (event) => {
    const node = event.target.closest(".node") ?? document.elementFromPoint(event.clientX, event.clientY)?.closest(".node");
    if (node) location.href = node.dataset.href;
  });
  viewport.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = viewport.getBoundingClientRect();
    if (event.ctrlKey || !event.shiftKey) zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX - box.x, y: event.clientY - box.y });
    else { view.x -= event.deltaY; paint(); }
  }, { passive: false });

  section.querySelector("#zoom-in").addEventListener("click", () => zoom(1.25));
  section.querySelector("#zoom-out").addEventListener("click", () => zoom(0.8));
  section.querySelector("#zoom-fit").addEventListener("click", fit);
  for (const box of [allColumns, tenantEdges]) box.addEventListener("change", () => { layout(); choose(chosen, false); fit(); });

  viewport.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (ways[event.key]) { event.preventDefault(); choose(beside(...ways[event.key]), true); }
    else if (event.key === "Enter" && chosen !== null) location.href = byName.get(chosen).dataset.href;
    else if (event.key === "Escape") choose(null, false);
  });
  document.addEventListener("keydown", (event) => {
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "") || event.ctrlKey || event.metaKey) return;
    if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
  });
  document.addEventListener("narrowed", ({ detail }) => {
    world.classList.toggle("searched", detail !== null);
    for (const node of nodes) node.classList.toggle("found", detail !== null && detail.includes(node.dataset.table));
    if (detail?.length === 1) centre(byName.get(detail[0]));
  });
  for (const link of document.querySelectorAll("#tables a")) {
    link.addEventListener("mouseenter", () => choose(link.dataset.table, false));
    link.addEventListener("mouseleave", () => choose(null, false));
    link.addEventListener("focus", () => choose(link.dataset.table, true));
  }

  // Painted first with its skeleton: many tables take a moment.
  requestAnimationFrame(() => setTimeout(() => {
    if (!nodes.length) { section.dataset.state = "ready"; return; }
    layout();
    fit();
    const wanted = decodeURIComponent(location.hash.slice(1));
    const named = nodes.find((node) => node.dataset.href.replace(/\.html$/, "").endsWith(`/${wanted}`));
    if (wanted && named) choose(named.dataset.table, true);
  }, 0));
  new ResizeObserver(() => { if (section.dataset.state === "ready" && size.width && chosen === null) fit(); }).observe(viewport);
})();
