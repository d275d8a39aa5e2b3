"use strict";
// Before the page is painted, so that it never flashes.
{
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* no storage */ }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
}
