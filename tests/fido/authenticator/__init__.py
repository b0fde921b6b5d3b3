# SPDX-License-Identifier: Apache-2.0
"""A security key in software, made for tests: from the packets of CTAPHID to the signatures."""
