# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a model says what it says; see `engine/__init__.py`."""
