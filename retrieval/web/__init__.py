"""The server: case lookup for people, by a page and an API. Needs the extra `serve`.

app        the application, put together
routes_*   what can be asked, by subject
archive    the live generation, and how a new one is picked up
desks      engines that answer one request at a time each
pictures   scans as a viewer shows them, in files of a private folder
uploads    scans that were handed in, until they are let go
headers    what every request is checked for and every response says
problems   errors as problem details (RFC 9457)
"""
