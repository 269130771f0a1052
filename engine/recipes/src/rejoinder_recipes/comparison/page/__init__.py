"""The page with the results, as HTML and as Markdown."""

from .render import html_page, markdown_page

__all__ = ["html_page", "markdown_page"]
