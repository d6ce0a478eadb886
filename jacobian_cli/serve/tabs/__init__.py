"""What each tab shows: Answer, Steps, Chain, Graph, Entries, Check, Code. Each is one function of a question."""
