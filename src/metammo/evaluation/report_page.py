"""How does a report become a file? One HTML page, all inside, or Markdown and its figures."""

import html
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import matplotlib
from matplotlib.figure import Figure

from metammo import __version__
from metammo.evaluation.figures import check_new_file, save_figure
from metammo.evaluation.report_parts import (
    Gallery,
    Picture,
    ReplayLink,
    Report,
    Section,
    Table,
)
from metammo.files import beside

HTML, MARKDOWN = (".html", ".htm"), (".md", ".markdown")
"""What reports end in."""
NUMBER = re.compile(r"[–+-]?[\d.,]*\s?[%M]?( [\[(][-\d., %]+[\])])?")
"""Cells that are written to the right: numbers, also with their intervals."""
PIXELS_PER_INCH = 96
LEAST_SCALE = 0.65
"""To which a figure may shrink in a narrow window."""
NARROW = 330
"""Pixels that every window has."""
SHORT = 20
"""Characters of cells that are kept on one line."""
INKS = {"#000000": "currentColor", "#ffffff": "var(--paper)"}
"""Of figures, so that they follow the page into the dark."""
COLOURS = {
    "#4c72b0": "blue",
    "#dd8452": "orange",
    "#3f8f5b": "green",
    "#8172b3": "violet",
    "#c44e52": "red",
    "#937860": "brown",
    "#8a8a8a": "grey",
}
"""Of figures, and their names in the page's style."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2128; --soft: #5b6470; --line: #d9dde3; --band: #f4f6f8;
  --link: #1a5fb4; --blue: #4c72b0; --orange: #dd8452; --green: #3f8f5b; --violet: #8172b3;
  --red: #c44e52; --brown: #937860; --grey: #8a8a8a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16191d; --ink: #e4e7eb; --soft: #9aa4b0; --line: #333a43; --band: #1e2328;
    --link: #7fb2f0; --blue: #7ba0dd; --orange: #ef9f6e; --green: #67bd86; --violet: #a99be0;
    --red: #e2777b; --brown: #bb9f86; --grey: #9a9a9a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem clamp(0.8rem, 3vw, 2.5rem) 4rem; max-width: 84rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 0.6rem; overflow-wrap: anywhere; }
p { margin: 0.5rem 0; max-width: 62rem; }
.soft, footer { color: var(--soft); font-size: 0.88rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0.9rem 0; font-size: 0.92rem; }
a { color: var(--link); }
.wide { overflow-x: auto; margin: 0.7rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.32rem 0.6rem 0.32rem 0; text-align: left; vertical-align: top; }
th + th, td + td { padding-left: 0.4rem; }
th { font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); }
td { border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { white-space: nowrap; }
.number { text-align: right; }
td.number, td.short { white-space: nowrap; }
tbody tr:hover { background: var(--band); }
figure { margin: 0; }
.pictures { display: flex; flex-wrap: wrap; gap: 1.2rem 1.6rem; margin: 0.9rem 0; }
.pictures figure { max-width: 100%; overflow-x: auto; }
svg { display: block; fill: currentColor; height: auto; max-width: 100%; }
ul { padding-left: 1.2rem; margin: 0.4rem 0; }
summary { cursor: pointer; color: var(--link); }
"""


def _text(words: str) -> str:
    return html.escape(words)


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell))


def _to_the_right(table: Table) -> list[bool]:
    """Return which columns hold numbers alone."""
    return [
        bool(table.rows) and place > 0 and all(_is_number(row[place]) for row in table.rows)
        for place in range(len(table.columns))
    ]


def svg_of(figure: Figure, number: int, words: str) -> str:
    """Return a figure as SVG to stand inside a page, in the page's own colours.

    Args:
        figure: as drawn, black on white.
        number: which of the page's figures it is: names inside must differ.
        words: what it shows.
    """
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": f"report {number}", "svg.fonttype": "path"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    for colour, ink in INKS.items():
        text = text.replace(colour, ink)
    for colour, name in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    # Glyphs and clips are named within a page; every figure brings its own.
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>f{number}-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # A narrow window scrolls wide figures rather than making them too small to read.
    least = LEAST_SCALE * figure.get_figwidth() * PIXELS_PER_INCH
    style = f' style="min-width:{least:.0f}px"' if least > NARROW else ""
    start = f'<svg role="img" aria-label="{html.escape(words)}"{style} '
    return text.replace("<svg ", start, 1).rstrip()


def _html_table(table: Table) -> str:
    right = _to_the_right(table)

    def is_short(place: int) -> bool:
        return all(len(row[place]) <= SHORT for row in table.rows)

    kinds = ["number" if r else "short" if is_short(n) else "" for n, r in enumerate(right)]
    styles = [f' class="{kind}"' if kind else "" for kind in kinds]

    def row(cells: tuple[str, ...], tag: str) -> str:
        parts = [
            f"<{tag}{style}>{_text(cell)}</{tag}>"
            for cell, style in zip(cells, styles, strict=True)
        ]
        return f"<tr>{''.join(parts)}</tr>"

    body = "\n".join(row(cells, "td") for cells in table.rows)
    head = row(table.columns, "th")
    return (
        f'<div class="wide"><table><thead>{head}</thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def link_to(file: Path, page: Path) -> str:
    """Return a file's address as seen from a page's folder."""
    try:
        relative = os.path.relpath(file.resolve(), page.resolve().parent)
    except ValueError:  # another drive
        return file.resolve().as_uri()
    return quote(Path(relative).as_posix())


def _section_id(section: Section) -> str:
    return re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-")


class _Page:
    """An HTML page in the making."""

    def __init__(self, page: Path, pages: Mapping[Path, Path]) -> None:
        self.page, self.pages = page, pages
        self.figures = 0

    def pictures(self, pictures: list[Picture]) -> str:
        drawn = []
        for picture in pictures:
            self.figures += 1
            drawn.append(f"<figure>{svg_of(picture.figure, self.figures, picture.words)}</figure>")
        return f'<div class="pictures">{"".join(drawn)}</div>'

    def links(self, links: list[ReplayLink]) -> str:
        lines = []
        for link in links:
            watched = self.pages.get(link.file)
            words = f"{link.run}, {link.words}"
            file = f'<a href="{_text(link_to(link.file, self.page))}">{_text(link.file.name)}</a>'
            if watched is not None:
                at = _text(link_to(watched, self.page))
                lines.append(f'<li><a href="{at}">{_text(words)}</a> ({file})</li>')
            else:
                lines.append(f"<li>{_text(words)}: {file}</li>")
        hint = ""
        if not self.pages:
            hint = '<p class="soft">To watch one: metammo watch FILE</p>'
        listed = "\n".join(lines)
        return f"<ul>\n{listed}\n</ul>{hint}"

    def section(self, section: Section) -> str:
        parts = [f'<section id="{_section_id(section)}"><h2>{_text(section.title)}</h2>']
        for block in section.blocks:
            if isinstance(block, str):
                parts.append(f"<p>{_text(block)}</p>")
            elif isinstance(block, Table):
                parts.append(_html_table(block))
            elif isinstance(block, Gallery):
                parts.append(self.pictures(block.pictures))
            else:
                parts.append(self.links(block.links))
        return "\n".join([*parts, "</section>"])


def html_page(report: Report, page: Path, pages: Mapping[Path, Path], made: str) -> str:
    """Return a report as one page that needs no other file but what it links to.

    Args:
        report: what it says.
        page: where it will lie: links to replays are seen from there.
        pages: pages that show replays, by the replay's file.
        made: when it was made, as words.
    """
    body = _Page(page, pages)
    sections = "\n".join(body.section(section) for section in report.sections)
    links = "".join(
        f'<a href="#{_section_id(section)}">{_text(section.title)}</a>'
        for section in report.sections
    )
    left_out = ""
    if report.left_out:
        items = "\n".join(f"<li>{_text(line)}</li>" for line in report.left_out)
        left_out = f'<section id="left-out"><h2>Left out</h2><ul>\n{items}\n</ul></section>'
    title = _text(report.title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>{title}</h1><p class="soft">metammo {__version__}, {_text(made)}</p>
<nav>{links}</nav></header>
{sections}
{left_out}
</body>
</html>
"""


def _cell(words: str) -> str:
    return words.replace("\\", "\\\\").replace("|", "\\|").replace("_", "\\_").replace("*", "\\*")


def _markdown_table(table: Table) -> str:
    right = _to_the_right(table)
    lines = [
        [_cell(column) for column in table.columns],
        ["---:" if is_right else "---" for is_right in right],
        *([_cell(cell) for cell in row] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def figures_folder(page: Path) -> Path:
    """Return the folder of a Markdown report's figures."""
    return page.with_name(f"{page.stem}_figures")


def markdown_page(
    report: Report, page: Path, pages: Mapping[Path, Path], made: str
) -> tuple[str, dict[str, Figure]]:
    """Return a report as Markdown, and its figures by the name of their file.

    Args:
        report: what it says.
        page: where it will lie.
        pages: pages that show replays, by the replay's file.
        made: when it was made, as words.
    """
    folder = figures_folder(page)
    figures: dict[str, Figure] = {}
    parts = [f"# {_cell(report.title)}", f"metammo {__version__}, {made}"]
    for section in report.sections:
        parts.append(f"## {_cell(section.title)}")
        for block in section.blocks:
            if isinstance(block, str):
                parts.append(_cell(block))
            elif isinstance(block, Table):
                parts.append(_markdown_table(block))
            elif isinstance(block, Gallery):
                named = {f"{each.name}.png": each for each in block.pictures}
                figures |= {name: each.figure for name, each in named.items()}
                shown = [
                    f"![{_cell(each.words)}]({link_to(folder / name, page)})"
                    for name, each in named.items()
                ]
                parts.append("\n".join(shown))
            else:
                links = [
                    f"- [{_cell(f'{link.run}, {link.words}')}]"
                    f"({link_to(pages.get(link.file, link.file), page)})"
                    for link in block.links
                ]
                parts.append("\n".join(links))
    if report.left_out:
        parts += ["## Left out", "\n".join(f"- {_cell(line)}" for line in report.left_out)]
    return "\n\n".join(parts) + "\n", figures


def write_report(report: Report, page: Path, pages: Mapping[Path, Path], made: str) -> None:
    """Write a report, as its file's ending says: .html, or .md with a folder of figures beside it.

    Args:
        report: what it says.
        page: where to.
        pages: pages that show replays, by the replay's file.
        made: when it was made, as words.
    """
    check_report_path(page)
    if page.suffix in HTML:
        text = html_page(report, page, pages, made)
    else:
        text, figures = markdown_page(report, page, pages, made)
        folder = figures_folder(page)
        folder.mkdir(exist_ok=True)
        for name, figure in figures.items():
            save_figure(figure, folder / name)
    with beside(page) as part:
        part.write_text(text, encoding="utf-8")


def check_report_path(page: Path) -> None:
    """Refuse a path that no report can be written to; see `check_new_file`."""
    check_new_file(page, (*HTML, *MARKDOWN))
