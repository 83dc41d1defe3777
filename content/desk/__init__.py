"""The desk: what an officer has beside the words themselves.  PURE but for the stores in `memory`.

Checks with a place and a remedy (`checks`, `watchwords`, `checklists`), templates, the lexicon of a unit and readings
by hand, versions word by word, search without tone marks, delegation, and the text twin of what is heard.
"""
