"""The exams: what every store and every artifact store must hold, as code that anybody may run."""
