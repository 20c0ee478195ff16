"""Makes the project's sample captures again."""
import os
import shutil

from .scenarios import load

# scenario.point -> file name
FILES = {
    'incident_mysql.client': 'incident-client.pcap',
    'incident_mysql.rswire': 'incident-rs.pcap',
    'incident_echo.client': 'incident-echo-client.pcap',
    'incident_echo.rswire': 'incident-echo-rs.pcap',
    'incident_v6.client': 'ipv6-client.pcap',
    'incident_v6.rswire': 'ipv6-rs.pcap',
    'ordinary_resets.client': 'control-client.pcap',
    'ordinary_resets.rswire': 'control-rs.pcap',
}


def make(driver, folder):
    """Plays the scenarios in a temporary folder; only when all of them are right, the samples are replaced."""
    names = sorted({source.split('.')[0] for source in FILES})
    driver.need_mariadb([load()[n] for n in names])
    results = driver.play_all(names, driver.build(), None)
    if any('error' in r for r in results.values()):
        return 1
    os.makedirs(folder, exist_ok=True)
    for source, name in FILES.items():
        shutil.copyfile(os.path.join(driver.out, f'{source}.pcap'), os.path.join(folder, name))
        print(os.path.join(folder, name))
    return 0
