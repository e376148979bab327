"""Documents with worked examples of attention, right ones and ones with a known error, made by seeds.

    problems ──► chain ──► styles (parts) ──► writers ──► document ──► judging
                 + faults  what is printed    one a format  + places of its numbers

All numbers are computed here, by plain loops over decimals and floats, never by pellucid.
"""
