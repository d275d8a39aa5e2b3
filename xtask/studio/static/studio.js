"use strict";
// What all pages share: theme, search in lists, copying, keys.
(() => {
  const $ = (selector) => document.querySelector(selector);
  const root = document.documentElement;

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const switchTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* no storage */ }
  };
  $("#theme")?.addEventListener("click", switchTheme);

  const help = $("#help");
  $("#help-open")?.addEventListener("click", () => help.showModal());

  // The list of tables or functions.
  const search = $("#search");
  const items = [...document.querySelectorAll("#tables > li")];
  const shown = () => items.filter((item) => !item.hidden);
  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) item.hidden = !words.every((word) => item.dataset.search.includes(word));
    const none = $(".side .none");
    if (none) none.hidden = shown().length > 0;
    document.dispatchEvent(new CustomEvent("narrowed", {
      detail: words.length ? shown().map((item) => item.firstElementChild.dataset.table) : null,
    }));
  };
  search?.addEventListener("input", narrow);

  const step = (by) => {
    const links = shown().map((item) => item.firstElementChild);
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const current = links.findIndex((link) => link.getAttribute("aria-current"));
    const from = at >= 0 ? at : document.activeElement === search ? (by > 0 ? -1 : links.length) : current;
    links[(from + by + links.length) % links.length].focus();
  };

  // On a narrow screen the list begins closed, so that the page is seen.
  const side = $("details.side");
  if (side && matchMedia("(max-width: 760px)").matches) side.open = false;
  $(".side [aria-current]")?.scrollIntoView({ block: "nearest" });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.copy");
    if (!button) return;
    event.preventDefault();
    const text = button.closest("details, .code, .mend").querySelector("pre").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Rows: a choice asks at once, and an opened row is shown.
  for (const choice of document.querySelectorAll("select[data-submit], .controls select")) {
    choice.addEventListener("change", () => {
      if ($("#account")?.value) choice.form.requestSubmit(choice.form.querySelector("button[value=look]"));
    });
  }
  $("#sheet")?.focus({ preventScroll: true });
  $("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  const typing = () => /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
    if (event.key === "Escape") {
      const close = $("#sheet [data-close]");
      if (document.activeElement === search) { search.value = ""; narrow(); search.blur(); }
      else if (close && !typing()) close.click();
      else document.activeElement?.blur();
      return;
    }
    const inList = document.activeElement === search || document.activeElement?.closest?.("#tables");
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && inList) {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    if (event.key === "Enter" && document.activeElement === search) {
      shown()[0]?.firstElementChild.click();
      return;
    }
    if (typing()) return;
    if (event.key === "/") {
      event.preventDefault();
      if (side) side.open = true;
      const field = search ?? $(".filters input");
      field?.focus();
      field?.select?.();
    } else if (event.key === "?") help?.showModal();
    else if (event.key === "d") switchTheme();
    else if (/^[1-5]$/.test(event.key)) document.querySelectorAll("nav a")[event.key - 1]?.click();
  });
})();
