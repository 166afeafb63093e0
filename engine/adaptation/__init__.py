# SPDX-License-Identifier: GPL-2.0-or-later
"""Bringing a model to another area; see `engine/__init__.py`."""
