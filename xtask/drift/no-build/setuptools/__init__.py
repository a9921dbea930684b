"""Stands in for setuptools while pip downloads: pip asks a source package for its name by running the package's own build script,
and with this on its path it reads the name instead. A package with another build system makes pip fail, and nothing of it runs."""
