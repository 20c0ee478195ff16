/* probe.cpp
 * A Qt "generic" plugin, loaded into the real Wireshark by the environment, that tells the tests what a user could see:
 * windows, and in them buttons, entry fields, tabs, menus and tables, with text and place on the screen. It only looks;
 * the tests act with mouse and keyboard, through the X server.
 *
 * Listens at the local socket TOA_PROBE_SOCKET; each line received is answered with one line of JSON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtGui/QGenericPlugin>
#include <QtNetwork/QLocalServer>
#include <QtNetwork/QLocalSocket>
#include <QtWidgets/QtWidgets>

static const int max_rows = 400;

static QJsonArray place(const QWidget *widget, const QRect &rect)
{
    QPoint corner = widget->mapToGlobal(rect.topLeft());

    return {corner.x(), corner.y(), rect.width(), rect.height()};
}

static QString plain(QString text)
{
    text.replace("&&", "\1").remove('&').replace('\1', '&');
    return text.section('\t', 0, 0);
}

static QJsonObject describe(const QWidget *widget, const QString &text)
{
    QJsonObject result;

    result["text"] = plain(text);
    result["name"] = widget->objectName();
    result["enabled"] = widget->isEnabled();
    result["at"] = place(widget, widget->rect());
    return result;
}

static QJsonArray rows(const QAbstractItemView *view, const QModelIndex &parent, int *left)
{
    const QAbstractItemModel *model = view->model();
    const QTreeView *tree = qobject_cast<const QTreeView *>(view);
    const QRect visible = view->viewport()->rect();
    QJsonArray result;

    for (int row = 0; row < model->rowCount(parent) && *left > 0; row++) {
        QJsonArray cells, places;
        QJsonObject object;
        QModelIndex first = model->index(row, 0, parent);

        if (tree && tree->isRowHidden(row, parent)) {
            continue;
        }
        --*left;
        for (int column = 0; column < model->columnCount(parent); column++) {
            QModelIndex index = model->index(row, column, parent);
            QRect rect = view->visualRect(index).intersected(visible);
            cells.append(index.data().toString());
            places.append(rect.isEmpty() ? QJsonArray() : place(view->viewport(), rect));
        }
        object["cells"] = cells;
        object["at"] = places;
        if (tree) {
            object["expanded"] = tree->isExpanded(first);
        }
        // a flat model may not look at the parent it is asked about
        if (model->hasChildren(first) && model->index(0, 0, first).parent() == first) {
            object["children"] = rows(view, first, left);
        }
        result.append(object);
    }
    return result;
}

static QJsonObject describe_view(const QAbstractItemView *view)
{
    QJsonObject result = describe(view, view->accessibleName());
    const QAbstractItemModel *model = view->model();
    QJsonArray columns;
    int left = max_rows;

    for (int column = 0; model && column < model->columnCount(); column++) {
        columns.append(model->headerData(column, Qt::Horizontal).toString());
    }
    result["class"] = view->metaObject()->className();
    result["columns"] = columns;
    result["current"] = model ? view->currentIndex().siblingAtColumn(0).data().toString() : QString();
    result["rows"] = model ? rows(view, view->rootIndex(), &left) : QJsonArray();
    return result;
}

static QJsonArray describe_actions(const QWidget *bar)
{
    const QMenu *menu = qobject_cast<const QMenu *>(bar);
    const QMenuBar *menus = qobject_cast<const QMenuBar *>(bar);
    QJsonArray result;

    for (QAction *action : bar->actions()) {
        QJsonObject object;
        QRect rect = menu ? menu->actionGeometry(action) : menus->actionGeometry(action);

        if (action->isSeparator() || !action->isVisible()) {
            continue;
        }
        object["text"] = plain(action->text());
        object["enabled"] = action->isEnabled();
        object["at"] = place(bar, rect);
        result.append(object);
    }
    return result;
}

static QJsonArray describe_tabs(const QTabBar *bar)
{
    QJsonArray result;

    for (int i = 0; i < bar->count(); i++) {
        QJsonObject object;
        object["text"] = plain(bar->tabText(i));
        object["current"] = i == bar->currentIndex();
        object["at"] = place(bar, bar->tabRect(i));
        result.append(object);
    }
    return result;
}

static void append(QJsonObject &window, const char *kind, const QJsonValue &value)
{
    QJsonArray list = window[kind].toArray();

    list.append(value);
    window[kind] = list;
}

static void look_at(QJsonObject &window, const QWidget *widget)
{
    if (auto button = qobject_cast<const QAbstractButton *>(widget)) {
        QJsonObject object = describe(button, button->text());
        object["checked"] = button->isChecked();
        append(window, "buttons", object);
    } else if (auto entry = qobject_cast<const QLineEdit *>(widget)) {
        append(window, "entries", describe(entry, entry->text()));
    } else if (auto text = qobject_cast<const QPlainTextEdit *>(widget)) {
        append(window, "texts", describe(text, text->toPlainText()));
    } else if (auto document = qobject_cast<const QTextEdit *>(widget)) {
        append(window, "texts", describe(document, document->toPlainText()));
    } else if (auto label = qobject_cast<const QLabel *>(widget)) {
        append(window, "labels", describe(label, label->text()));
    } else if (auto choice = qobject_cast<const QComboBox *>(widget)) {
        append(window, "choices", describe(choice, choice->currentText()));
    } else if (auto tabs = qobject_cast<const QTabBar *>(widget)) {
        append(window, "tabs", describe_tabs(tabs));
    } else if (auto menus = qobject_cast<const QMenuBar *>(widget)) {
        window["menus"] = describe_actions(menus);
    } else if (auto view = qobject_cast<const QAbstractItemView *>(widget)) {
        if (!qobject_cast<const QHeaderView *>(widget)) {
            append(window, "views", describe_view(view));
        }
    }
}

static QJsonArray look()
{
    QJsonArray result;

    for (const QWidget *top : QApplication::topLevelWidgets()) {
        QJsonObject window;

        if (!top->isVisible()) {
            continue;
        }
        window = describe(top, top->windowTitle());
        window["class"] = top->metaObject()->className();
        window["active"] = top->isActiveWindow();
        if (qobject_cast<const QMenu *>(top)) {
            window["items"] = describe_actions(top);
        }
        for (const QWidget *widget : top->findChildren<QWidget *>()) {
            if (widget->isVisible() && widget->window() == top) {
                look_at(window, widget);
            }
        }
        result.append(window);
    }
    return result;
}

class Probe : public QObject {
public:
    explicit Probe(const QString &path)
    {
        QObject::connect(&server, &QLocalServer::newConnection, this, [this] {
            QLocalSocket *socket = server.nextPendingConnection();
            QObject::connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
            QObject::connect(socket, &QLocalSocket::readyRead, this, [socket] {
                while (socket->canReadLine()) {
                    socket->readLine();
                    socket->write(QJsonDocument(look()).toJson(QJsonDocument::Compact) + '\n');
                }
            });
        });
        server.listen(path);
    }

private:
    QLocalServer server;
};

class ProbePlugin : public QGenericPlugin {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QGenericPluginFactoryInterface_iid FILE "probe.json")

public:
    QObject *create(const QString &, const QString &) override
    {
        return new Probe(qEnvironmentVariable("TOA_PROBE_SOCKET"));
    }
};

#include "probe.moc"
