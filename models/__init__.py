# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that learns; it runs in the worker process and never imports qgis or engine."""
