"""The answers of the command line as pages: one file to hand out, or a text box served on this machine.

run, app        the server: addresses, who may ask, what a request is answered
pool, worker    each question in a child process that can be ended
page            one answer as one file
tabs            what each tab shows, from the same answers as the command line
question        what was asked: a text, variables, shapes, facts, values
markup          elements of HTML
"""
