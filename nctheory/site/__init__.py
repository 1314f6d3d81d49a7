"""The atlas as a folder of pages that need no network: see `nctheory.site.atlas`."""

from nctheory.site.atlas import write_site

__all__ = ["write_site"]
