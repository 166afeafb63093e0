# SPDX-License-Identifier: GPL-2.0-or-later
"""One report of a whole project, from what the algorithms wrote."""
