# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that computes; it runs in the worker process and never imports qgis."""
