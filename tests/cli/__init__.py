"""The command as users meet it: started as a process, judged by exit code, output and files."""
