"""Live suggestions: a system answers Label Studio as its "ML backend", by the protocol of release 1.23.

protocol      what is asked and answered, and what an answer must be so that its task can be opened
documents     the document that a task is about
shown         annotations as the configuration of a project can show them
predictions   from a request to its answer
app           addresses, passwords, limits
connect       the registration at a server
training      a system that is trained anew and takes over
"""
