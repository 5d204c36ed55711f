// Gives each cell the heading of its column, which phones show before it: see site.css.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("article table")) {
    const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].forEach((cell, column) => {
        cell.dataset.label = headings[column] ?? "";
        cell.classList.toggle("without-text", !cell.textContent.trim());
      });
    }
  }
});
