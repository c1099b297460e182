"""Settings of the Scrapy project: for `scrapy list`, `scrapy crawl` and everything that is Scrapy.

Whatever is set here, a spider's `custom_settings` and the command line (`-s NAME=VALUE`) win over.
The limits that keep a crawl safe, and the handler that records, come from the add-on and stay.

Settings of Pressmark. The add-on takes their values from pressmark.yaml and the environment, or
where neither has a key for one, from crawler.addon.OWN_DEFAULTS:

PRESSMARK_ALLOW_NETWORKS         networks in CIDR notation that may be fetched from although they
                                 are not public; a list, or separated by commas
PRESSMARK_CONCURRENCY            document requests to a host that run at once
PRESSMARK_DELAY                  seconds, at least, between the starts of two document requests to a
                                 host; 0 turns pacing and autothrottle off. DOWNLOAD_DELAY wins
PRESSMARK_JITTER                 part of the delay that is added to it at most, by chance
PRESSMARK_REQUISITE_DELAY        seconds, at least, between the starts of two requests to a host for
                                 pictures, style sheets and the like (meta["pressmark_kind"])
PRESSMARK_REQUISITE_CONCURRENCY  requests to a host for those that run at once
PRESSMARK_PAGE_LIMIT             bytes of a body, as sent and decoded. DOWNLOAD_MAXSIZE wins
PRESSMARK_MEDIA_LIMIT            the same for meta["pressmark_kind"] == "media"
PRESSMARK_TIMEOUT                seconds for a whole exchange. DOWNLOAD_TIMEOUT wins
PRESSMARK_ONDEMAND_ROBOTS        "ignore" or "obey": whether robots.txt rules the spider `page`
PRESSMARK_REQUISITES_LIMIT       requisites that are fetched for one page at most
PRESSMARK_MINIMUM_RATE           bytes a second that a body must come in with; 0 turns it off
PRESSMARK_RATE_WINDOW            seconds over which that is measured
PRESSMARK_HEADERS                secret request headers, {host: {name: value}}; sent to exactly that
                                 host over https, and over http where it reads "http://host[:port]"
PRESSMARK_SECRETS                texts that make a request header secret: it is withheld whole from
                                 what is stored, as are the values of PRESSMARK_HEADERS
PRESSMARK_KEEP_SECRETS           store such headers as they were sent
PRESSMARK_PROXY                  URL of the HTTP proxy; without it there is none, whatever the
                                 environment says
"""

from __future__ import annotations

BOT_NAME = "pressmark"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
ADDONS = {"crawler.addon.PressmarkAddon": 0}
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
